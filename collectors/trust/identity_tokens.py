"""Identity tokens: JSON Web Tokens that an issuer signs for a service account (OpenID Connect Core 1.0, section 2).

Pub/Sub guide, "Authentication for push subscriptions": Google signs with RS256; `aud` is the audience of the
subscription, `email` its service account. A valid signature alone says nothing: anybody can have Google sign a token
for the same audience, so that the e-mail address is what tells the sender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import jwt

_ALGORITHMS: Final = ["RS256"]
#: Seconds that the issuer's clock and ours may differ.
_LEEWAY_S: Final = 30
_CHECKS: Final[Any] = {"require": ["exp", "iat", "iss", "aud", "email"], "strict_aud": True}


@dataclass(frozen=True, kw_only=True)
class TokenIdentity:
    """Whose tokens are accepted: all four must fit."""

    #: `iss` of the tokens.
    issuer: str
    #: `aud` of the tokens: the audience that the subscription is configured with.
    audience: str
    #: Verified `email` of the tokens: the service account that the subscription is configured with.
    email: str
    #: Where the issuer publishes its public keys, as a JSON Web Key Set (RFC 7517).
    keys_url: str


def key_id_of(token: str) -> str | None:
    """Which of its issuer's keys a token says it is signed with; None for what is no such token."""
    if not token.isascii():
        return None
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        return None
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) and header.get("alg") in _ALGORITHMS else None


def proves(token: str, key: jwt.PyJWK, identity: TokenIdentity) -> bool:
    """Whether the token is signed with the key, says nothing else than the identity, and has not expired."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            issuer=identity.issuer,
            audience=identity.audience,
            leeway=_LEEWAY_S,
            options=_CHECKS,
        )
    except jwt.InvalidTokenError:
        return False
    return claims["email"] == identity.email and claims.get("email_verified") is True
