"""The credentials of an entry in the file of sources: references resolved, secrets hashed and forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from collectors.trust.credentials import MIN_SECRET_CHARACTERS, Credentials, hash_of
from collectors.trust.identity_tokens import TokenIdentity

_REFERENCE: Final = re.compile(r"\$\{(env|file):([^}]+)\}")
#: With or without colons: `openssl x509 -fingerprint -sha256` writes them.
_FINGERPRINT: Final = "^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$"
_DNS_NAME: Final = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$"


class InvalidCredential(ValueError):
    """A credential that is wrong or cannot be read; the message holds no secret."""


_Text = Annotated[str, Meta(min_length=1)]


class OidcEntry(msgspec.Struct, forbid_unknown_fields=True):
    """Whose identity tokens are accepted. Issuer and its keys are Google's unless they are written."""

    audience: _Text
    email: Annotated[str, Meta(pattern="^[^@]+@[^@]+$")]
    issuer: _Text = "https://accounts.google.com"
    keys_url: _Text = "https://www.googleapis.com/oauth2/v3/certs"


class CredentialEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One credential as it is written: exactly one of its fields."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    secret: str | None = None
    client_certificate_sha256: Annotated[str, Meta(pattern=_FINGERPRINT)] | None = None
    client_certificate_name: Annotated[str, Meta(pattern=_DNS_NAME)] | None = None
    oidc: OidcEntry | None = None


def credentials_of(entries: Sequence[CredentialEntry], environ: Mapping[str, str]) -> Credentials:
    """The credentials of a source. Raises InvalidCredential."""
    for entry in entries:
        if sum(value is not None for value in msgspec.structs.astuple(entry)) != 1:
            raise InvalidCredential(f"each needs exactly one of {', '.join(CredentialEntry.__struct_fields__)}")
    return Credentials(
        hashes=tuple(_hash(entry, environ) for entry in entries if entry.sha256 or entry.secret is not None),
        fingerprints=tuple(
            bytes.fromhex(entry.client_certificate_sha256.replace(":", ""))
            for entry in entries
            if entry.client_certificate_sha256 is not None
        ),
        certificate_names=tuple(
            entry.client_certificate_name.lower() for entry in entries if entry.client_certificate_name is not None
        ),
        identities=tuple(_identity(entry.oidc) for entry in entries if entry.oidc is not None),
    )


def _identity(entry: OidcEntry) -> TokenIdentity:
    url = urlsplit(entry.keys_url)
    # Whoever can change the keys on their way can sign whatever he likes.
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in {"127.0.0.1", "::1", "localhost"}):
        raise InvalidCredential("oidc.keys_url must begin with https://")
    return TokenIdentity(issuer=entry.issuer, audience=entry.audience, email=entry.email, keys_url=entry.keys_url)


def _hash(entry: CredentialEntry, environ: Mapping[str, str]) -> bytes:
    if entry.sha256 is not None:
        return bytes.fromhex(entry.sha256)
    secret = _resolve(entry.secret or "", environ)
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise InvalidCredential(f"a secret is shorter than {MIN_SECRET_CHARACTERS} characters")
    return hash_of(secret)


def _resolve(reference: str, environ: Mapping[str, str]) -> str:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise InvalidCredential("a secret must be ${env:NAME} or ${file:/path}, never the text itself")
    kind, name = match.groups()
    try:
        return environ[name] if kind == "env" else Path(name).read_text().strip()
    except (KeyError, OSError) as error:
        raise InvalidCredential(f"cannot read {reference}") from error
