"""Deliveries, and a spool behind an intake, in front of a producer without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from collectors.batches.blocks import Delivery
from collectors.completeness.minutes import Completeness
from collectors.intake import Intake
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.parsers import generic
from collectors.spool.intake import SpoolingIntake
from collectors.spool.replayer import Replayer
from collectors.spool.spool import Spool
from collectors.spool.store import SpoolLimits, SpoolStore
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.support.fake_kafka import FakeProducer, TurnedClock, publisher

NOW = 1_795_417_200_391
GOOD = b'{"m":"GET","s":200,"b":5,"p":"/a","t":1795417200391}'
PARSE = generic.parser(
    generic.Options(
        fields=generic.Fields(method="m", status="s", body_bytes="b", path="p", end_time="t"), time_unit="ms"
    )
)


def make_delivery(delivery_id: str, *lines: bytes, source_id: str = "acme", received_at_ms: int = NOW) -> Delivery:
    """A delivery of one good line, unless told otherwise."""
    return Delivery(
        source_id=source_id,
        cdn="generic",
        delivery_id=delivery_id,
        received_at_ms=received_at_ms,
        lines=list(lines or [GOOD]),
    )


def names(folder: Path) -> list[str]:
    """What stands in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def until(condition: Callable[[], object]) -> None:
    """Return once a condition holds, of which nobody tells."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # see above
            await asyncio.sleep(0.01)


class World:
    """`acme` is spooled, `other` is not."""

    def __init__(self, folder: Path, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.folder = folder
        self.producer = FakeProducer()
        self.clock = TurnedClock(NOW)
        self.metrics = Metrics()
        self.publisher = publisher(self.producer, self.clock, metrics=self.metrics)
        self.completeness = Completeness(self.clock, {"acme": None, "other": None})
        self.intake = Intake(
            publisher=self.publisher,
            metrics=self.metrics,
            completeness=self.completeness,
            origin=Origin(build="0123456789ab", boot_id="b007"),
        )
        self.store = SpoolStore(folder, SpoolLimits(max_bytes=max_bytes, min_free_bytes=0))
        self.spool = Spool(self.store, clock=self.clock, metrics=self.metrics)
        self.door = SpoolingIntake(self.intake, self.spool, source_ids={"acme"}, metrics=self.metrics)

    async def accept(self, delivery_id: str, *lines: bytes, source_id: str = "acme") -> None:
        await self.door.accept(make_delivery(delivery_id, *lines, source_id=source_id), PARSE)

    @asynccontextmanager
    async def replaying(self) -> AsyncIterator[None]:
        """Replay for as long as the block lasts."""
        replayer = Replayer(self.spool, self.intake, parser_of=lambda _: PARSE, metrics=self.metrics)
        task = asyncio.create_task(replayer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until_sent(self, count: int) -> None:
        """Return once so many batches have been handed to the producer."""
        await until(lambda: len(self.sent()) >= count)

    async def until_empty(self) -> None:
        """Return once nothing waits and no segment is left."""
        await until(lambda: not self.store.waiting and not self.store.size)

    def sent(self) -> list[AccessLogBatch]:
        return self.producer.batches()

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)
