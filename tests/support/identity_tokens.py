"""An issuer of identity tokens, with its keys: what Google is for Pub/Sub's push requests."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from collectors.trust.identity_tokens import TokenIdentity

IDENTITY = TokenIdentity(
    issuer="https://accounts.example.com",
    audience="https://collector.example.com/v1/logs/google",
    email="push@example-proj.iam.gserviceaccount.com",
    keys_url="https://accounts.example.com/certs",
)
CLAIMS = {
    "iss": IDENTITY.issuer,
    "aud": IDENTITY.audience,
    "email": IDENTITY.email,
    "email_verified": True,
    "azp": "113774264463038321964",
    "sub": "113774264463038321964",
}
_PUBLIC_EXPONENT = 65_537
_BITS = 2_048


@dataclass
class Issuer:
    """Signs with one key, and publishes it."""

    key_id: str = "7d680d8c70d44e947133cbd499ebc1a61c3d5abc"
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=_BITS)
    )

    def token(self, *, expires_in_s: float = 3_600, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token for the identity, with some claims changed; `...` leaves one out."""
        now = time.time()
        whole = {**CLAIMS, "iat": now - 1, "exp": now + expires_in_s, **claims}
        payload = {name: value for name, value in whole.items() if value is not ...}
        return jwt.encode(payload, self.private, algorithm="RS256", headers={"kid": self.key_id, **(header or {})})

    def public(self) -> dict[str, str]:
        """The key as a JSON Web Key."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kid": self.key_id,
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "n": _base64(numbers.n),
            "e": _base64(numbers.e),
        }

    def key_set(self) -> bytes:
        """What the issuer publishes."""
        return json.dumps({"keys": [self.public()]}).encode()


def _base64(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
