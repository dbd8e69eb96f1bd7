"""Credentials as hashes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.credentials import Credentials, hash_of

OLD, NEW = "an-old-secret-of-acme", "a-new-secret-of-acme"
ROTATING = Credentials(hashes=(hash_of(OLD), hash_of(NEW)))


@pytest.mark.parametrize(
    ("secret", "accepted"), [(OLD, True), (NEW, True), (OLD[:-1], False), ("", False), (OLD + NEW, False), ("ü", False)]
)
def test_both_secrets_of_a_rotation_are_valid_and_nothing_else(secret: str, accepted: bool) -> None:
    assert ROTATING.accept(secret) is accepted


def test_a_hash_is_what_sha256sum_prints() -> None:
    assert hash_of(OLD).hex() == hashlib.sha256(OLD.encode()).hexdigest()


@given(st.text())
def test_no_credential_accepts_nothing(secret: str) -> None:
    assert not Credentials().accept(secret)


def test_credentials_are_true_if_there_are_any() -> None:
    assert (bool(ROTATING), bool(Credentials())) == (True, False)


def test_secrets_do_not_show() -> None:
    assert OLD not in repr(ROTATING)
