"""Credentials of a source, kept as hashes and compared in constant time.

A plain SHA-256 is enough for a generated token; a guessable password would need a slow hash, which at thousands of
deliveries a second nobody could afford, so tokens shorter than 16 characters are refused where they are seen.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

MIN_SECRET_CHARACTERS: Final = 16


def hash_of(secret: str) -> bytes:
    """SHA-256 of a secret."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The hashes of all secrets that are valid for a source now: two during a rotation, none on loopback only."""

    hashes: tuple[bytes, ...] = ()

    def accept(self, secret: str) -> bool:
        """Whether the secret is one of them. Takes as long whichever it is, and whether it is one."""
        given = hash_of(secret)
        matches = [hmac.compare_digest(given, known) for known in self.hashes]
        return any(matches)

    def __bool__(self) -> bool:
        """Whether there is any credential to present."""
        return bool(self.hashes)
