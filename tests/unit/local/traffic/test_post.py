"""A delivery is posted until it is accepted, and no answer but a proper one counts as that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import cycle, repeat

import aiohttp
import pytest
from aiohttp import web

from local.traffic import post as posting
from local.traffic.post import Refused, post
from local.traffic.wire import Wire


@dataclass
class Server:
    """Answers with what it is given, then with 200, and remembers what was posted."""

    answers: list[web.Response] = field(default_factory=list)
    posted: list[tuple[bytes, str | None]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.posted.append((await request.read(), request.headers.get("Authorization")))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server, app = Server(), web.Application()
    app.router.add_post("/", server.take)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield server
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def wire(body: bytes = b"a line\n", **headers: str) -> Wire:
    return Wire(body=body, headers=headers)


def busy(retry_after: str = "0") -> web.Response:
    return web.Response(status=503, headers={"Retry-After": retry_after})


async def test_body_and_headers_arrive_as_they_are(server: Server, session: aiohttp.ClientSession) -> None:
    sent = wire(b"\x1f\x8bnot really gzip", Authorization="Basic eDp5", **{"Content-Encoding": "gzip"})
    await post(session, repeat(server.url), sent)
    assert server.posted == [(b"\x1f\x8bnot really gzip", "Basic eDp5")]


async def test_a_busy_server_is_asked_again_with_the_same_bytes(server: Server, session: aiohttp.ClientSession) -> None:
    server.answers = [busy(), busy()]
    await post(session, repeat(server.url), wire())
    assert server.posted == [(b"a line\n", None)] * 3


async def test_an_unreachable_server_is_tried_until_the_deadline(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_RETRY_SECONDS", 0.01)
    with pytest.raises(TimeoutError, match="took no delivery for"):
        await post(session, repeat("http://127.0.0.1:9/"), wire(), patience_s=0.1)


async def test_a_server_that_does_not_answer_in_time_is_passed_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_RETRY_SECONDS", 0.01)
    silent = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    stalled = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    async with silent, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as session:
        await post(session, cycle((stalled, server.url)), wire())
    assert server.posted == [(b"a line\n", None)]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_any_other_answer_is_a_refusal(server: Server, session: aiohttp.ClientSession, status: int) -> None:
    server.answers = [web.Response(status=status, text="because")]
    with pytest.raises(Refused, match=f"{status} because"):
        await post(session, repeat(server.url), wire())
    assert len(server.posted) == 1


async def test_what_is_a_reason_to_come_again_is_for_the_sender_to_say(
    server: Server, session: aiohttp.ClientSession
) -> None:
    server.answers = [web.Response(status=500, headers={"Retry-After": "0"})]
    await post(session, repeat(server.url), wire(), again=range(500, 600))
    assert len(server.posted) == 2


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        pytest.param('{"requestId":"r-1","timestamp":1}', True, id="names-the-request"),
        pytest.param('{"requestId": "r-1", "timestamp": 1}', True, id="with-spaces"),
        pytest.param('{"requestId":"r-2","timestamp":1}', False, id="names-another"),
        pytest.param('{"timestamp":1}', False, id="names-none"),
        pytest.param('["r-1"]', False, id="no-object"),
        pytest.param("", False, id="empty"),
    ],
)
async def test_firehose_takes_only_its_own_answer_for_success(
    server: Server, session: aiohttp.ClientSession, answer: str, accepted: bool
) -> None:
    server.answers = [web.Response(text=answer)]
    firehose = wire(b"{}", **{"X-Amz-Firehose-Request-Id": "r-1"})
    if accepted:
        await post(session, repeat(server.url), firehose)
    else:
        with pytest.raises(Refused, match="does not name it"):
            await post(session, repeat(server.url), firehose)
