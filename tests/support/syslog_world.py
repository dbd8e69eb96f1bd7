"""A syslog listener in front of an intake that a test opens and closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from collectors.batches.blocks import Delivery
from collectors.batches.records import LineParser
from collectors.limits.budget import ByteBudget
from collectors.listeners import SyslogEndpoint
from collectors.metrics import Metrics
from collectors.parsers import fastly
from collectors.parsers.registry import FORMATS
from collectors.sources import Source
from collectors.syslog.listener import new_listener
from collectors.syslog.memory import SyslogMemory
from collectors.syslog.surroundings import Surroundings
from collectors.trust.credentials import Credentials
from tests.support.fake_kafka import TurnedClock

MIB = 1024 * 1024


def syslog_source(
    *, credentials: Credentials | None = None, more: dict[str, Any] | None = None, **endpoint: Any
) -> Source:
    """A source that listens on a free port of this machine, `endpoint` and `more` being what differs."""
    return Source(
        id="acme",
        cdn="fastly",
        parse=fastly.parser(fastly.Options()),
        framing="json",
        format=FORMATS["fastly", "json"],
        credentials=credentials or Credentials(),
        syslog=SyslogEndpoint(**{"host": "127.0.0.1", "port": 0, **endpoint}),
        **(more or {}),
    )


class FakeIntake:
    """Keeps lines; takes none while closed."""

    needs_kafka = True

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        await self.open.wait()
        self.lines += delivery.lines


class World:
    """A listener and what can be seen of it."""

    def __init__(self, source: Source, *, memory: int = 512 * MIB) -> None:
        self.intake = FakeIntake()
        self.metrics = Metrics()
        self.budget = ByteBudget(memory)
        surroundings = Surroundings(
            intake=self.intake,
            clock=TurnedClock(0),
            metrics=self.metrics,
            memory=SyslogMemory(self.budget),
            flush_interval_s=0.02,
        )
        self.listener = new_listener(source, surroundings)

    async def send(self, data: bytes) -> None:
        """Send on a connection of its own and wait until the listener has closed it."""
        reader, writer = await self.connect()
        writer.write(data)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def connect(self, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the listener."""
        return await asyncio.open_connection("127.0.0.1", self.listener.port, **options)

    def sample(self, name: str, **labels: str) -> float:
        """A metric's value; 0 while it has none."""
        return self.metrics.registry.get_sample_value(name, {"source": "acme", **labels}) or 0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in other tasks, or processes, without an event."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # as said
            await asyncio.sleep(0.005)
