"""Issuers' keys: when they are fetched, and what is believed while they cannot be."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client.samples import Sample

from collectors.metrics import Metrics
from collectors.trust.signing_keys import FORGET_AFTER_S, RENEW_AFTER_S, RETRY_AFTER_S, KeysUnavailable, SigningKeys
from tests.support.identity_tokens import Issuer

URL = "https://accounts.example.com/certs"
OLD = Issuer(key_id="old")
NEW = Issuer(key_id="new")


class Publisher:
    """What an issuer publishes now, and how often it was asked."""

    def __init__(self) -> None:
        self.document: bytes | None = OLD.key_set()
        self.asked = 0
        self.now_s = 1_000.0
        self.answering = asyncio.Event()
        self.answering.set()
        self.metrics = Metrics()
        self.keys = SigningKeys(self.metrics.signing_key_fetches, fetch=self.fetch, now=lambda: self.now_s)

    async def fetch(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        await self.answering.wait()
        if self.document is None:
            raise KeysUnavailable("away")
        return self.document

    async def knows(self, key_id: str) -> bool:
        return await self.keys.key(URL, key_id) is not None

    async def settled(self) -> None:
        """Return once a fetch beside the requests is over."""
        fetches = [issuer.fetching for issuer in self.keys._issuers.values() if issuer.fetching is not None]
        await asyncio.gather(*fetches)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    made = Publisher()
    yield made
    await made.keys.close()


async def test_keys_are_fetched_once_for_many_requests(publisher: Publisher) -> None:
    assert all(await asyncio.gather(*(publisher.knows("old") for _ in range(5))))
    assert await publisher.knows("old")
    assert publisher.asked == 1


async def test_an_unknown_key_asks_the_issuer_at_most_once_a_minute(publisher: Publisher) -> None:
    assert await publisher.knows("old")
    publisher.now_s += RETRY_AFTER_S - 1
    assert not await publisher.knows("made-up")
    assert publisher.asked == 1
    publisher.now_s += 1
    assert [await publisher.knows(name) for name in ("made-up", "another", "old")] == [False, False, True]
    assert publisher.asked == 2


async def test_a_new_key_is_found_when_it_is_first_used(publisher: Publisher) -> None:
    assert await publisher.knows("old")
    publisher.document = NEW.key_set()
    publisher.now_s += RETRY_AFTER_S
    assert await publisher.knows("new")
    assert not await publisher.knows("old")


async def test_keys_are_renewed_beside_the_requests(publisher: Publisher) -> None:
    assert await publisher.knows("old")
    publisher.document = NEW.key_set()
    publisher.answering.clear()
    publisher.now_s += RENEW_AFTER_S + 1
    assert await publisher.knows("old")
    publisher.answering.set()
    await publisher.settled()
    assert [await publisher.knows(name) for name in ("new", "old")] == [True, False]
    assert publisher.asked == 2


async def test_keys_that_cannot_be_renewed_are_believed_for_a_day(publisher: Publisher) -> None:
    assert await publisher.knows("old")
    publisher.document = None
    publisher.now_s += FORGET_AFTER_S
    assert await publisher.knows("old")
    await publisher.settled()
    publisher.now_s += 1
    with pytest.raises(KeysUnavailable, match=URL):
        await publisher.knows("old")
    publisher.document = OLD.key_set()
    publisher.now_s += RETRY_AFTER_S
    assert await publisher.knows("old")


async def test_without_keys_nothing_is_said_of_a_token(publisher: Publisher) -> None:
    publisher.document = None
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await publisher.knows("old")
    assert publisher.asked == 1


async def test_a_request_that_goes_away_does_not_end_the_fetch_of_others(publisher: Publisher) -> None:
    publisher.answering.clear()
    first, second = (asyncio.create_task(publisher.knows("old")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    publisher.answering.set()
    assert await second
    assert publisher.asked == 1


async def test_closing_ends_what_is_under_way(publisher: Publisher) -> None:
    publisher.answering.clear()
    waiting = asyncio.create_task(publisher.knows("old"))
    await asyncio.sleep(0)
    await publisher.keys.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":[5]}',
        b'{"keys":[{"kty":"RSA","kid":"old"}]}',
        b'{"keys":[{"kty":"RSA","kid":"old","n":"!","e":"AQAB"}]}',
        b'{"keys":[{"kty":"RSA","kid":"old","n":5,"e":[]}]}',
        b"\xff",
    ],
)
async def test_what_is_no_set_of_keys_is_a_failed_fetch(publisher: Publisher, document: bytes) -> None:
    publisher.document = document
    with pytest.raises(KeysUnavailable):
        await publisher.knows("old")
    samples = {sample.labels["outcome"]: sample.value for sample in _fetches(publisher.metrics)}
    assert samples == {"failed": 1}


def _fetches(metrics: Metrics) -> list[Sample]:
    name = "collector_signing_key_fetches_total"
    return [each for family in metrics.registry.collect() for each in family.samples if each.name == name]


async def test_a_key_that_is_no_key_does_not_hide_the_others(publisher: Publisher) -> None:
    strange = {"kty": "XYZ", "kid": "strange"}
    nameless = {name: value for name, value in NEW.public().items() if name != "kid"}
    publisher.document = json.dumps({"keys": [strange, nameless, OLD.public()]}).encode()
    assert [await publisher.knows(name) for name in ("old", "strange", "new")] == [True, False, False]


Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve one answer over HTTP; gives its URL."""
    servers: list[TestServer] = []

    async def start(response: Callable[[], web.Response]) -> str:
        async def answer(_: web.Request) -> web.Response:
            return response()

        app = web.Application()
        app.router.add_get("/certs", answer)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return str(servers[-1].make_url("/certs"))

    yield start
    for server in servers:
        await server.close()


async def test_keys_come_over_http(serve: Serve) -> None:
    url = await serve(lambda: web.Response(body=OLD.key_set(), content_type="application/json"))
    keys = SigningKeys(Metrics().signing_key_fetches)
    assert await keys.key(url, "old") is not None


@pytest.mark.parametrize(
    "response",
    [
        lambda: web.Response(status=404, body=OLD.key_set()),
        lambda: web.Response(status=302, headers={"Location": "https://evil.example/certs"}),
        lambda: web.Response(body=OLD.key_set() + b" " * 300_000),
    ],
    ids=["status", "redirect", "too large"],
)
async def test_any_other_answer_is_a_failed_fetch(serve: Serve, response: Callable[[], web.Response]) -> None:
    url = await serve(response)
    with pytest.raises(KeysUnavailable):
        await SigningKeys(Metrics().signing_key_fetches).key(url, "old")


async def test_no_answer_is_a_failed_fetch(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/certs"
        with pytest.raises(KeysUnavailable):
            await SigningKeys(Metrics().signing_key_fetches).key(url, "old")
    assert f"signing keys: {url}: not fetched: ClientConnectorError" in caplog.text
