"""Which identity tokens prove what."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.trust.identity_tokens import key_id_of, proves
from tests.support.identity_tokens import CLAIMS, IDENTITY, Issuer

ISSUER = Issuer()
KEY = jwt.PyJWK(ISSUER.public())
OTHER = Issuer()


def test_a_token_of_the_issuer_for_the_identity_proves_it() -> None:
    token = ISSUER.token()
    assert key_id_of(token) == ISSUER.key_id
    assert proves(token, KEY, IDENTITY)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://accounts.other.example"},
        {"iss": ...},
        {"aud": "https://collector.example.com/v1/logs/another"},
        {"aud": [IDENTITY.audience, "https://other.example"]},
        {"aud": ...},
        {"email": "somebody@example-proj.iam.gserviceaccount.com"},
        {"email": [IDENTITY.email]},
        {"email": ...},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": ...},
        {"expires_in_s": -60},
        {"exp": ...},
        {"exp": "soon"},
        {"iat": 4_000_000_000},
        {"iat": ...},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_token_that_says_anything_else_proves_nothing(claims: dict[str, Any]) -> None:
    assert not proves(ISSUER.token(**claims), KEY, IDENTITY)


def test_clocks_may_differ_by_seconds() -> None:
    assert proves(ISSUER.token(expires_in_s=-5), KEY, IDENTITY)


def test_a_token_that_another_key_signed_proves_nothing() -> None:
    assert not proves(OTHER.token(), KEY, IDENTITY)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "ES256"])
def test_a_token_of_another_algorithm_proves_nothing(algorithm: str) -> None:
    header, payload, signature = ISSUER.token().split(".")
    forged = json.dumps({"alg": algorithm, "typ": "JWT", "kid": ISSUER.key_id}).encode()
    token = f"{base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}.{payload}.{signature}"
    assert header not in token
    assert key_id_of(token) is None
    assert not proves(token, KEY, IDENTITY)


def test_the_public_key_is_no_shared_secret() -> None:
    token = jwt.encode(CLAIMS, ISSUER.public()["n"], algorithm="HS256", headers={"kid": ISSUER.key_id})
    assert not proves(token, KEY, IDENTITY)


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = ISSUER.token().split(".")
    _, payload, _ = ISSUER.token(email="another@example.com").split(".")
    assert not proves(f"{header}.{payload}.{signature}", KEY, replace(IDENTITY, email="another@example.com"))


@pytest.mark.parametrize("header", [{"kid": None}, {"kid": 5}, {"kid": ["x"]}, {"alg": "RS512"}], ids=str)
def test_a_header_that_names_no_key_names_none(header: dict[str, Any]) -> None:
    text = json.dumps({"alg": "RS256", "kid": "x", **header}).encode()
    assert key_id_of(f"{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.e30.AA") is None


def test_a_header_that_is_no_text_is_no_token() -> None:
    assert key_id_of("\udcff.\ud800.x") is None


@given(
    st.text()
    | st.lists(st.binary().map(lambda part: base64.urlsafe_b64encode(part).decode()), max_size=4).map(".".join)
    | st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())).map(
        lambda header: base64.urlsafe_b64encode(json.dumps({"alg": "RS256", **header}).encode()).decode() + ".e30.AA"
    )
)
def test_no_text_is_more_than_no_proof(token: str) -> None:
    assert isinstance(key_id_of(token), str | None)
    assert not proves(token, KEY, IDENTITY)
