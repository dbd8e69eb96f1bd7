"""Pub/Sub's form of request, and the identity tokens that it carries."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from collectors.routes.keys import SIGNING_KEYS
from collectors.trust.signing_keys import KeysUnavailable
from tests.support.fake_kafka import TIMED_OUT
from tests.support.identity_tokens import Issuer

BEARER = {"Authorization": "Bearer a-secret-of-acme-1234"}
ID = "2070443601311540"
ENTRY = {
    "insertId": "617fa16e-0000-2ac9-9993-d4f547fe67d4@a1",
    "jsonPayload": {"latency": "0.005105200s"},
    "httpRequest": {
        "requestMethod": "GET",
        "requestUrl": "https://vod.example.com/a",
        "status": 200,
        "responseSize": "1500",
    },
    "timestamp": "2026-11-23T07:00:00.391882555Z",
}
LINE = json.dumps(ENTRY).encode()
MEDIA = "/v1/logs/media"
GOOGLE = "/v1/logs/google"


def push(data: bytes = LINE, **message: str) -> bytes:
    wrapped = {"data": base64.b64encode(data).decode(), "messageId": ID, "message_id": ID, **message}
    return json.dumps({"message": wrapped, "subscription": "projects/p/subscriptions/s"}).encode()


async def test_a_wrapped_message_is_one_delivery_under_its_id(collector: Any) -> None:
    answer = await collector.client.post(MEDIA, data=push(), headers=BEARER)
    assert (answer.status, await answer.read()) == (200, b"")
    (made,) = collector.producer.batches()
    assert (made.header.delivery_id, [record.path for record in made.records]) == (ID, ["/a"])


async def test_an_unwrapped_message_has_its_id_in_a_header(collector: Any) -> None:
    headers = {**BEARER, "x-goog-pubsub-message-id": ID, "x-goog-pubsub-subscription-name": "s"}
    assert (await collector.client.post(MEDIA, data=LINE, headers=headers)).status == 200
    (made,) = collector.producer.batches()
    assert (made.header.delivery_id, [record.path for record in made.records]) == (ID, ["/a"])


async def test_a_redelivered_message_is_the_same_delivery_wrapped_or_not(collector: Any) -> None:
    await collector.client.post(MEDIA, data=push(), headers=BEARER)
    await collector.client.post(MEDIA, data=push(publishTime="2026-11-23T07:00:01Z"), headers=BEARER)
    await collector.client.post(MEDIA, data=LINE, headers={**BEARER, "X-Goog-Pubsub-Message-Id": ID})
    assert len({made.header.batch_id for made in collector.producer.batches()}) == 1


async def test_a_message_that_is_no_line_is_accepted_and_accounted_for(collector: Any) -> None:
    assert (await collector.client.post(MEDIA, data=push(b"no line"), headers=BEARER)).status == 200
    assert [letter.payload for letter in collector.producer.dead_letters()] == [b"no line"]


async def test_a_message_without_data_is_acknowledged(collector: Any) -> None:
    assert (await collector.client.post(MEDIA, data=push(b""), headers=BEARER)).status == 200
    assert collector.producer.sent == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (LINE, {}),
        (b"[]", {}),
        (push(messageId="", message_id=""), {}),
        (push(messageId="x" * 129), {}),
        (LINE, {"X-Goog-Pubsub-Message-Id": ""}),
    ],
    ids=["not wrapped", "no push", "no id", "an id too long", "an empty header"],
)
async def test_what_is_no_push_is_400(collector: Any, body: bytes, headers: dict[str, str]) -> None:
    answer = await collector.client.post(MEDIA, data=body, headers={**BEARER, **headers})
    assert (answer.status, await answer.text()) == (400, "the body is not what its framing promises\n")
    assert collector.producer.sent == []


async def test_kafka_away_is_503_and_the_message_comes_again(collector: Any) -> None:
    collector.producer.error = TIMED_OUT
    assert (await collector.client.post(MEDIA, data=push(), headers=BEARER)).status == 503


class Published:
    """An issuer's keys as they are fetched; None: nobody answers."""

    def __init__(self, collector: Any, issuer: Issuer) -> None:
        self.document: bytes | None = issuer.key_set()
        self.asked: list[str] = []
        collector.app[SIGNING_KEYS]._fetch = self.fetch

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.document is None:
            raise KeysUnavailable("away")
        return self.document


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_an_identity_token_is_a_credential(collector: Any, issuer: Issuer) -> None:
    published = Published(collector, issuer)
    for _ in range(3):
        assert (await collector.client.post(GOOGLE, data=push(), headers=bearer(issuer.token()))).status == 200
    assert published.asked == ["https://accounts.example.com/certs"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example"},
        {"email": "a@other.example"},
        {"iss": "https://other.example"},
        {"expires_in_s": -60},
    ],
    ids=["audience", "e-mail", "issuer", "expired"],
)
async def test_a_token_of_anybody_else_is_401(collector: Any, issuer: Issuer, claims: dict[str, Any]) -> None:
    Published(collector, issuer)
    answer = await collector.client.post(GOOGLE, data=push(), headers=bearer(issuer.token(**claims)))
    assert (answer.status, await answer.text()) == (401, "unknown source, or no valid credential for it\n")
    assert collector.producer.sent == []


async def test_a_token_of_a_key_that_the_issuer_does_not_publish_is_401(collector: Any, issuer: Issuer) -> None:
    Published(collector, issuer)
    stranger = Issuer(key_id="stranger")
    assert (await collector.client.post(GOOGLE, data=push(), headers=bearer(stranger.token()))).status == 401


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("x"), bearer("a.b.c"), {"Authorization": "Basic a.b.c"}, BEARER],
    ids=["nothing", "no token", "like a token", "another scheme", "a secret"],
)
async def test_what_is_no_token_is_401_and_asks_nobody(collector: Any, issuer: Issuer, headers: dict[str, str]) -> None:
    published = Published(collector, issuer)
    assert (await collector.client.post(GOOGLE, data=push(), headers=headers)).status == 401
    assert published.asked == []


async def test_a_token_is_no_credential_of_a_source_that_names_no_identity(collector: Any, issuer: Issuer) -> None:
    published = Published(collector, issuer)
    assert (await collector.client.post(MEDIA, data=push(), headers=bearer(issuer.token()))).status == 401
    assert published.asked == []


async def test_503_where_tokens_cannot_be_verified_now(collector: Any, issuer: Issuer) -> None:
    Published(collector, issuer).document = None
    answer = await collector.client.post(GOOGLE, data=push(), headers=bearer(issuer.token()))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert collector.producer.sent == []


async def test_no_token_shows_in_a_log_or_metric(
    collector: Any, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    published = Published(collector, issuer)
    token = issuer.token()
    await collector.client.post(GOOGLE, data=b"[]", headers=bearer(token))
    published.document = None
    await collector.client.post(GOOGLE, data=b"[]", headers=bearer(Issuer(key_id="stranger").token()))
    metrics = await (await collector.client.get("/metrics")).text()
    assert token[:40] not in metrics + caplog.text
