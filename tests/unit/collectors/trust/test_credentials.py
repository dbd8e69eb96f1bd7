"""Credentials as hashes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.trust.credentials import ClientCertificate, Credentials, hash_of

OLD, NEW = "an-old-secret-of-acme", "a-new-secret-of-acme"
ROTATING = Credentials(hashes=(hash_of(OLD), hash_of(NEW)))


@pytest.mark.parametrize(
    ("secret", "accepted"), [(OLD, True), (NEW, True), (OLD[:-1], False), ("", False), (OLD + NEW, False), ("ü", False)]
)
def test_both_secrets_of_a_rotation_are_valid_and_nothing_else(secret: str, accepted: bool) -> None:
    assert ROTATING.accept(secret) is accepted


def test_a_hash_is_what_sha256sum_prints() -> None:
    assert hash_of(OLD).hex() == hashlib.sha256(OLD.encode()).hexdigest()


@given(st.text(st.characters()))
def test_no_credential_accepts_nothing(secret: str) -> None:
    assert not Credentials().accept(secret)


def test_credentials_are_true_if_there_are_any() -> None:
    assert (bool(ROTATING), bool(Credentials())) == (True, False)


def test_secrets_do_not_show() -> None:
    assert OLD not in repr(ROTATING)


ACME = ClientCertificate(fingerprint=b"a" * 32, names=("logs.acme.example", "localhost"))


@pytest.mark.parametrize(
    ("credentials", "accepted"),
    [
        (Credentials(), False),
        (ROTATING, False),
        (Credentials(fingerprints=(b"a" * 32,)), True),
        (Credentials(fingerprints=(b"b" * 32, b"a" * 32)), True),
        (Credentials(fingerprints=(b"b" * 32,)), False),
        (Credentials(certificate_names=("logs.acme.example",)), True),
        (Credentials(certificate_names=("other.example", "logs.acme.example")), True),
        (Credentials(certificate_names=("acme.example",)), False),
        (Credentials(certificate_names=("other.example",), fingerprints=(b"a" * 32,)), True),
    ],
    ids=["none", "secrets", "its own", "of two", "another", "name", "of two names", "parent name", "either"],
)
def test_a_certificate_is_known_by_fingerprint_or_name(credentials: Credentials, accepted: bool) -> None:
    assert credentials.accept_certificate(ACME) is accepted


def test_names_have_no_case() -> None:
    certificate = ClientCertificate(fingerprint=b"x" * 32, names=("LOGS.acme.example",))
    assert Credentials(certificate_names=("logs.acme.example",)).accept_certificate(certificate)


def test_a_header_that_is_no_text_is_no_secret() -> None:
    assert not ROTATING.accept("\udcff\ud800")
