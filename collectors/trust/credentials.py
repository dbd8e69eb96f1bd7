"""Credentials of a source, kept as hashes and compared in constant time.

A plain SHA-256 is enough for a generated token; a guessable password would need a slow hash, which at thousands of
deliveries a second nobody could afford, so tokens shorter than 16 characters are refused where they are seen.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from collectors.trust.identity_tokens import TokenIdentity

MIN_SECRET_CHARACTERS: Final = 16


def hash_of(secret: str) -> bytes:
    """SHA-256 of a secret, of whatever a sender presents as one: headers can hold bytes that are no text."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """What a verified client certificate says of its owner.

    `fingerprint` is the SHA-256 of its DER form, `names` are its subject's alternative DNS names.
    """

    fingerprint: bytes
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Everything that is valid for a source now, any one being enough: two of a kind during a rotation.

    None at all is for loopback only.
    """

    #: SHA-256 of secrets.
    hashes: tuple[bytes, ...] = ()
    #: SHA-256 of client certificates in their DER form.
    fingerprints: tuple[bytes, ...] = ()
    #: DNS names of client certificates, in lower case.
    certificate_names: tuple[str, ...] = ()
    #: Whose signed identity tokens are accepted.
    identities: tuple[TokenIdentity, ...] = ()

    def accept(self, secret: str) -> bool:
        """Whether the secret is one of them. Takes as long whichever it is, and whether it is one."""
        return _is_one_of(hash_of(secret), self.hashes)

    def accept_certificate(self, certificate: ClientCertificate) -> bool:
        """Whether it is one of the certificates, or has one of the names."""
        by_fingerprint = _is_one_of(certificate.fingerprint, self.fingerprints)
        by_name = [_is_one_of(name.lower().encode(), self._names) for name in certificate.names]
        return by_fingerprint or any(by_name)

    @property
    def ask_for_certificate(self) -> bool:
        """Whether there is any certificate to present."""
        return bool(self.fingerprints or self.certificate_names)

    @property
    def _names(self) -> list[bytes]:
        return [name.encode() for name in self.certificate_names]

    def __bool__(self) -> bool:
        """Whether there is any credential to present."""
        return bool(self.hashes or self.identities) or self.ask_for_certificate


def _is_one_of(given: bytes, known: Iterable[bytes]) -> bool:
    matches = [hmac.compare_digest(given, one) for one in known]
    return any(matches)
