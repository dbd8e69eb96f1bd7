"""Credentials as the file of sources writes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.trust.credential_entries import CredentialEntry, InvalidCredential, credentials_of
from collectors.trust.credentials import Credentials, hash_of
from collectors.trust.identity_tokens import TokenIdentity

SECRET = "a-secret-of-acme-1234"
FINGERPRINT = "0f" * 32


def read(*written: dict[str, Any]) -> Credentials:
    entries = msgspec.convert(list(written), list[CredentialEntry])
    return credentials_of(entries, {"ACME": SECRET, "SHORT": "short"})


def test_all_kinds_together(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another-secret-of-acme\n")
    assert read(
        {"secret": "${env:ACME}"},
        {"secret": f"${{file:{tmp_path / 'secret'}}}"},
        {"sha256": hashlib.sha256(b"a-third-secret-of-acme").hexdigest()},
        {"client_certificate_sha256": FINGERPRINT},
        {"client_certificate_sha256": ":".join(["AB"] * 32)},
        {"client_certificate_name": "Logs.Example.com"},
    ) == Credentials(
        hashes=(hash_of(SECRET), hash_of("another-secret-of-acme"), hash_of("a-third-secret-of-acme")),
        fingerprints=(bytes.fromhex(FINGERPRINT), b"\xab" * 32),
        certificate_names=("logs.example.com",),
    )


def test_an_identity_is_googles_unless_it_says_otherwise() -> None:
    written = {"audience": "https://collector.example.com", "email": "push@p.iam.gserviceaccount.com"}
    local = {"issuer": "https://i.example", "keys_url": "http://127.0.0.1:8000/certs"}
    assert read({"oidc": written}, {"oidc": {**written, **local}}) == Credentials(
        identities=(
            TokenIdentity(
                issuer="https://accounts.google.com",
                audience="https://collector.example.com",
                email="push@p.iam.gserviceaccount.com",
                keys_url="https://www.googleapis.com/oauth2/v3/certs",
            ),
            TokenIdentity(
                issuer="https://i.example",
                audience="https://collector.example.com",
                email="push@p.iam.gserviceaccount.com",
                keys_url="http://127.0.0.1:8000/certs",
            ),
        )
    )


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({}, "audience"),
        ({"audience": "", "email": "a@b"}, "audience"),
        ({"audience": "a", "email": "nobody"}, "email"),
        ({"audience": "a", "email": "a@b", "keys_url": "http://keys.example/certs"}, "must begin with https"),
        ({"audience": "a", "email": "a@b", "keys_url": "file:///certs"}, "must begin with https"),
        ({"audience": "a", "email": "a@b", "scope": "x"}, "unknown field"),
    ],
)
def test_a_wrong_identity_is_refused(written: dict[str, str], complaint: str) -> None:
    with pytest.raises((InvalidCredential, msgspec.ValidationError), match=complaint):
        read({"oidc": written})


def test_none_at_all() -> None:
    assert read() == Credentials()


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({}, "each needs exactly one of sha256, secret, client_certificate_sha256"),
        ({"sha256": "f" * 64, "secret": "${env:ACME}"}, "each needs exactly one"),
        ({"client_certificate_name": "a.example", "client_certificate_sha256": FINGERPRINT}, "each needs exactly one"),
        ({"secret": SECRET}, "must be .* never the text itself"),
        ({"secret": ""}, "must be .* never the text itself"),
        ({"secret": "${env:NONE}"}, r"cannot read \$\{env:NONE\}"),
        ({"secret": "${file:/none}"}, r"cannot read \$\{file:/none\}"),
        ({"secret": "${env:SHORT}"}, "shorter than 16 characters"),
        ({"sha256": "abc"}, "sha256"),
        ({"client_certificate_sha256": "ab:cd"}, "client_certificate_sha256"),
        ({"client_certificate_name": "not a name"}, "client_certificate_name"),
        ({"password": SECRET}, "unknown field"),
    ],
)
def test_a_wrong_one_is_refused_and_never_shown(written: dict[str, str], complaint: str) -> None:
    with pytest.raises((InvalidCredential, msgspec.ValidationError), match=complaint) as caught:
        read(written)
    assert SECRET not in str(caught.value)
