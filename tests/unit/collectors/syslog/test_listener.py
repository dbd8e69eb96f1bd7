"""Connections into lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from collectors.blocks import Delivery
from collectors.credentials import Credentials, hash_of
from collectors.listeners import SyslogEndpoint
from collectors.metrics import Metrics
from collectors.parsers import fastly
from collectors.parsers.registry import FORMATS
from collectors.records import LineParser
from collectors.sources import Source
from collectors.syslog.listener import SyslogListener
from tests.support.fake_kafka import TurnedClock

SOURCE = Source(
    id="acme",
    cdn="fastly",
    parse=fastly.parser(fastly.Options()),
    framing="json",
    format=FORMATS["fastly", "json"],
    credentials=Credentials(),
    syslog=SyslogEndpoint(host="127.0.0.1", port=0),
)


class FakeIntake:
    """Keeps lines; takes none while closed."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        await self.open.wait()
        self.lines += delivery.lines


class World:
    def __init__(self, source: Source) -> None:
        self.intake = FakeIntake()
        self.metrics = Metrics()
        self.listener = SyslogListener(
            source,
            intake=self.intake,  # type: ignore[arg-type]  # stands in for Intake
            clock=TurnedClock(0),
            metrics=self.metrics,
            flush_interval_s=0.02,
        )

    async def send(self, data: bytes) -> None:
        """Send on a connection of its own and wait until the listener has closed it."""
        reader, writer = await self.connect()
        writer.write(data)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.listener.port)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"source": "acme", **labels})


Start = Callable[[Source], Awaitable[World]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    worlds = []

    async def start_one(source: Source = SOURCE) -> World:
        world = World(source)
        await world.listener.start()
        worlds.append(world)
        return world

    yield start_one
    for world in worlds:
        world.intake.open.set()
        await world.listener.stop(1)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in other tasks, without an event
            await asyncio.sleep(0.005)


async def test_lines_of_all_framings_arrive_without_headers(start: Start) -> None:
    world = await start(SOURCE)
    _, writer = await world.connect()
    writer.write(b'<134>2026-11-23T07:00:00Z cache-fra1 mediabill[4711]: {"v":1}\n{"v":2}\n26 <134>1 - - - - - - ')
    await until(lambda: world.intake.lines == [b'{"v":1}', b'{"v":2}'])
    writer.write(b'{"v":3}')
    await until(lambda: world.intake.lines == [b'{"v":1}', b'{"v":2}', b'{"v":3}'])
    writer.close()


async def test_lines_of_many_connections_arrive(start: Start) -> None:
    world = await start(SOURCE)
    await asyncio.gather(*(world.send(b"%d\n" % (1_000 + number) * 10) for number in range(50)))
    await until(lambda: len(world.intake.lines) == 500)
    assert sorted(set(world.intake.lines)) == [b"%d" % (1_000 + number) for number in range(50)]


async def test_open_connections_are_counted(start: Start) -> None:
    world = await start(SOURCE)
    _, writer = await world.connect()
    await until(lambda: world.sample("collector_syslog_connections") == 1)
    writer.close()
    await until(lambda: world.sample("collector_syslog_connections") == 0)


async def test_a_frame_that_the_end_of_the_connection_cuts_off_is_counted(start: Start) -> None:
    world = await start(SOURCE)
    await world.send(b"<134>whole\n<134>par")
    await until(lambda: world.sample("collector_syslog_bad_frames_total", reason="cut-off") == 1)
    await until(lambda: world.intake.lines == [b"whole"])


async def test_an_endless_frame_closes_the_connection_and_keeps_what_came_before(start: Start) -> None:
    world = await start(SOURCE)
    reader, writer = await world.connect()
    writer.write(b"<134>good\n" + b"x" * 600_000)
    with suppress(ConnectionError):
        await reader.read()
    await until(lambda: (world.sample("collector_syslog_bad_frames_total", reason="too-long") or 0) >= 1)
    await until(lambda: world.intake.lines == [b"good"])


async def test_without_its_token_a_connection_is_closed_and_nothing_taken(start: Start) -> None:
    token = "a-token-of-acme-1234"
    world = await start(replace(SOURCE, credentials=Credentials(hashes=(hash_of(token),))))
    reader, writer = await world.connect()
    writer.write(b"<134>{}\n")
    assert await reader.read() == b""
    writer.close()
    assert world.sample("collector_syslog_bad_frames_total", reason="unauthorized") == 1
    await world.send(f"<134>{token} {{}}\n".encode())
    await until(lambda: world.intake.lines == [b"{}"])


async def test_reading_pauses_while_kafka_does_not_answer_and_goes_on_after(start: Start) -> None:
    world = await start(SOURCE)
    world.intake.open.clear()
    line = b"<134>" + b"x" * 1_000 + b"\n"
    count = 60_000
    _, writer = await world.connect()
    writer.write(line * count)
    sending = asyncio.create_task(writer.drain())
    await until(lambda: not world.listener.buffer.has_room)
    await asyncio.sleep(0.1)
    assert not sending.done(), "60 MB cannot be read into the buffer of 16 blocks"
    world.intake.open.set()
    await sending
    await until(lambda: len(world.intake.lines) == count)
    writer.close()


async def test_a_connection_that_comes_while_there_is_no_room_is_read_no_further_than_once(start: Start) -> None:
    world = await start(SOURCE)
    world.intake.open.clear()
    world.listener.buffer.add([b"x"] * 20_000)
    _, writer = await world.connect()
    line, count = b"<134>" + b"y" * 1_000 + b"\n", 20_000
    writer.write(line * count)
    sending = asyncio.create_task(writer.drain())
    await asyncio.sleep(0.1)
    assert not sending.done()
    world.intake.open.set()
    await sending
    await until(lambda: len(world.intake.lines) == 20_000 + count)
    writer.close()


async def test_stopping_accepts_no_more_and_publishes_all_that_was_read(start: Start) -> None:
    world = await start(SOURCE)
    _, writer = await world.connect()
    writer.write(b"a\nb\n")
    await until(lambda: world.listener.buffer.has_room and bool(world.listener.buffer._lines))
    port = world.listener.port
    await world.listener.stop(1)
    assert world.intake.lines == [b"a", b"b"]
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def test_a_source_of_http_cannot_listen_for_syslog() -> None:
    with pytest.raises(ValueError, match="no syslog source"):
        await World(replace(SOURCE, syslog=None)).listener.start()
