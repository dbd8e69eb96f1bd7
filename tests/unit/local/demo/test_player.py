"""Playing a step: everything due is sent and acknowledged before the clock goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from local.clock import ClockFile
from local.demo.deliveries import STEP_MS, Delivery, Step
from local.demo.player import Endpoint, Player
from local.traffic.events import Cdn
from local.traffic.post import Refused
from local.traffic.wire import Wire

START_MS = 1_795_392_000_000


class Collector:
    """A stand-in that answers as told and remembers what came when."""

    def __init__(self, clock_file: Path) -> None:
        self._clock_file = clock_file
        self.answers: list[web.Response] = []
        self.posted: list[tuple[str, bytes, int]] = []
        self.syslog_bytes = b""
        self.acknowledged = 0
        self.acknowledges = True

    async def take(self, request: web.Request) -> web.Response:
        now_ms = int(self._clock_file.read_text())
        self.posted.append((request.match_info["source"], await request.read(), now_ms))
        return self.answers.pop(0) if self.answers else web.Response()

    async def metrics(self, _: web.Request) -> web.Response:
        if self.acknowledges:
            self.acknowledged = self.syslog_bytes.count(b"\n")
        return web.Response(
            text=f'collector_lines_total{{source="akamai"}} 7.0\n'
            f'collector_lines_total{{source="fastly"}} {self.acknowledged}.0\n'
        )

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            self.syslog_bytes += data
        writer.close()


@pytest.fixture
def clock(tmp_path: Path) -> ClockFile:
    return ClockFile(tmp_path / "clock", START_MS)


@pytest.fixture
def collectors(clock: ClockFile) -> list[Collector]:
    return [Collector(clock.path), Collector(clock.path)]


@pytest.fixture
async def player(collectors: list[Collector], clock: ClockFile) -> AsyncIterator[Player]:
    endpoints, runners = [], []
    for collector in collectors:
        app = web.Application()
        app.router.add_post("/v1/logs/{source}", collector.take)
        app.router.add_get("/metrics", collector.metrics)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        syslog = await asyncio.start_server(collector.read, "127.0.0.1", 0)
        endpoints.append(
            Endpoint(
                http_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
                syslog_host="127.0.0.1",
                syslog_port=syslog.sockets[0].getsockname()[1],
            )
        )
        runners.append(runner)
    async with Player(endpoints, clock) as playing:
        yield playing
    for runner in runners:
        await runner.cleanup()


def delivery(cdn: Cdn = Cdn.AKAMAI, collector: int = 0, body: bytes = b"{}\n", **different: bool) -> Delivery:
    return Delivery(
        cdn=cdn, due_ms=START_MS, collector=collector, lines=body.count(b"\n"), wire=Wire(body=body), **different
    )


def step(*deliveries: Delivery, steps: int = 1) -> Step:
    return Step(clock_ms=START_MS + steps * STEP_MS, deliveries=list(deliveries))


async def test_deliveries_reach_their_collector_by_the_new_time(player: Player, collectors: list[Collector]) -> None:
    await player.play(step(delivery(body=b"one\n"), delivery(Cdn.CLOUDFLARE, 1, b"two\n")))
    assert [collector.posted for collector in collectors] == [
        [("akamai", b"one\n", START_MS + STEP_MS)],
        [("cloudflare", b"two\n", START_MS + STEP_MS)],
    ]


async def test_lines_are_counted_once_and_copies_apart(player: Player) -> None:
    await player.play(step(delivery(body=b"1\n2\n3\n"), delivery(collector=1, body=b"1\n2\n3\n", is_copy=True)))
    assert (player.records, player.copies) == (3, 1)


async def test_a_busy_collector_is_asked_again_after_the_time_that_it_names(
    player: Player, collectors: list[Collector]
) -> None:
    collectors[0].answers = [web.Response(status=503, headers={"Retry-After": "0"}) for _ in range(2)]
    await player.play(step(delivery()))
    assert len(collectors[0].posted) == 3


async def test_a_refusal_ends_the_play(player: Player, collectors: list[Collector]) -> None:
    collectors[0].answers = [web.Response(status=401, text="who are you?")]
    with pytest.raises(Refused, match=r"/v1/logs/akamai: 401 who are you\?$"):
        await player.play(step(delivery()))


async def test_syslog_goes_over_the_collectors_connection(player: Player, collectors: list[Collector]) -> None:
    await player.play(step(delivery(Cdn.FASTLY, 0, b"a\nb\n"), delivery(Cdn.FASTLY, 1, b"c\n")))
    assert [collector.syslog_bytes for collector in collectors] == [b"a\nb\n", b"c\n"]
    assert player.records == 3


async def test_a_step_lasts_until_its_syslog_lines_are_acknowledged(
    player: Player, collectors: list[Collector]
) -> None:
    collectors[0].acknowledges = False
    playing = asyncio.create_task(player.play(step(delivery(Cdn.FASTLY, 0, b"a\n"))))
    await asyncio.sleep(0.2)
    assert not playing.done()
    collectors[0].acknowledges = True
    await playing


async def test_a_leap_is_seen_by_every_collector_before_anything_is_sent(
    player: Player, collectors: list[Collector]
) -> None:
    began = time.monotonic()
    await player.play(step(delivery(), steps=500))
    assert time.monotonic() - began > 0.1
    assert collectors[0].posted == [("akamai", b"{}\n", START_MS + 500 * STEP_MS)]


async def test_without_deliveries_only_the_clock_goes_on(
    player: Player, collectors: list[Collector], clock: ClockFile
) -> None:
    await player.play(step())
    assert clock.now_ms == START_MS + STEP_MS
    assert [collector.posted for collector in collectors] == [[], []]
