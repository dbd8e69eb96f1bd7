"""The syslog sender knows from the collector's metrics what has been acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from local.demo import syslog as sending
from local.demo.syslog import Syslog


class Collector:
    """Reads bytes, and claims to have acknowledged `lines` of them."""

    def __init__(self) -> None:
        self.received = b""
        self.lines: str | None = None
        self.asked = 0

    async def metrics(self, _: web.Request) -> web.Response:
        self.asked += 1
        other = 'collector_lines_total{source="akamai"} 99.0\n'
        mine = "" if self.lines is None else f'collector_lines_total{{source="fastly"}} {self.lines}\n'
        return web.Response(text=f"# HELP collector_lines_total Lines.\n{other}{mine}")

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received += await reader.read()
        writer.close()


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
async def syslog(collector: Collector) -> AsyncIterator[Syslog]:
    app = web.Application()
    app.router.add_get("/metrics", collector.metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = await asyncio.start_server(collector.read, "127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield Syslog(session, url, "127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()
    await runner.cleanup()


async def test_bytes_arrive_in_order(syslog: Syslog, collector: Collector) -> None:
    await syslog.connect()
    await syslog.send(b"one\n", 1)
    await syslog.send(b"two\nthree\n", 2)
    await syslog.close()
    await asyncio.sleep(0.05)
    assert collector.received == b"one\ntwo\nthree\n"


async def test_nothing_sent_needs_no_acknowledgement(syslog: Syslog, collector: Collector) -> None:
    await syslog.acknowledged()
    assert collector.asked == 0


async def test_waits_for_every_line_of_its_own_source(syslog: Syslog, collector: Collector) -> None:
    await syslog.connect()
    await syslog.send(b"one\ntwo\n", 2)
    waiting = asyncio.create_task(syslog.acknowledged())
    for claimed in (None, "0.0", "1.0"):
        collector.lines = claimed
        await asyncio.sleep(0.1)
        assert not waiting.done()
    collector.lines = "2.0"
    await waiting
    await syslog.close()


async def test_what_is_known_is_not_asked_again(syslog: Syslog, collector: Collector) -> None:
    collector.lines = "1e3"
    await syslog.connect()
    await syslog.send(b"one\n", 1)
    await syslog.acknowledged()
    asked = collector.asked
    await syslog.acknowledged()
    assert collector.asked == asked
    await syslog.close()


async def test_lines_that_are_never_acknowledged_are_an_error(
    syslog: Syslog, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_DEADLINE_SECONDS", 0.1)
    collector.lines = "3.0"
    await syslog.connect()
    await syslog.send(b"line\n" * 5, 5)
    with pytest.raises(TimeoutError, match="has 3 of 5 syslog lines"):
        await syslog.acknowledged()
    await syslog.close()


async def test_sending_before_connecting_is_a_mistake(syslog: Syslog) -> None:
    with pytest.raises(RuntimeError, match="not connected"):
        await syslog.send(b"one\n", 1)


async def test_closing_what_was_never_opened_is_none(syslog: Syslog) -> None:
    await syslog.close()
