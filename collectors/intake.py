"""What happens to a delivery, whichever way it came: cut, parse, publish, wait for Kafka, count."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from collectors.batches.blocks import BlockResult, Delivery, cut_blocks, parse_block
from collectors.batches.event_times import EventTimes
from collectors.batches.records import LineParser
from collectors.completeness.minutes import Completeness
from collectors.kafka.publisher import Publisher, Shipment
from collectors.metrics import Metrics
from collectors.origin import Origin


class Door(Protocol):
    """Where a delivery goes in; what it returns from is promised."""

    @property
    def needs_kafka(self) -> bool:
        """Whether nothing can be promised while Kafka is away."""
        ...

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        """Return once the delivery is safe. Raises KafkaUnavailable if it is not: the sender shall come again."""
        ...


@dataclass
class _Tally:
    received_at_ms: int
    events: EventTimes = field(default_factory=EventTimes)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, result: BlockResult) -> None:
        self.rejected.update(letter.reason for letter in result.dead_letters)
        for times_ms in result.event_times_ms:
            self.events.add(self.received_at_ms, times_ms)


class Sending:
    """A delivery whose messages are all queued for Kafka."""

    def __init__(self, shipment: Shipment, on_stored: Callable[[], None]) -> None:
        self._shipment = shipment
        self._on_stored = on_stored

    async def acknowledged(self) -> None:
        """Return once Kafka has acknowledged every batch and dead letter. Raises KafkaUnavailable if it has not."""
        await self._shipment.acknowledged()
        self._on_stored()


class Intake:
    """The one way to Kafka for lines."""

    def __init__(self, *, publisher: Publisher, metrics: Metrics, completeness: Completeness, origin: Origin) -> None:
        self._publisher = publisher
        self._metrics = metrics
        self._completeness = completeness
        self._origin = origin

    @property
    def needs_kafka(self) -> bool:
        """Always."""
        return True

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        """Return once Kafka has acknowledged every batch and dead letter of the delivery.

        Raises KafkaUnavailable if it has not; parts may be stored then, and a retry stores them again under the
        same ids.
        """
        sending = await self.send(delivery, parse)
        await sending.acknowledged()

    async def send(self, delivery: Delivery, parse: LineParser) -> Sending:
        """Queue a delivery for Kafka, behind what was queued before. Raises KafkaUnavailable as `accept` does."""
        started = time.monotonic()
        tally = _Tally(delivery.received_at_ms)
        shipment = self._publisher.shipment()
        for block in cut_blocks(delivery.lines):
            result = parse_block(delivery, block, parse, self._origin)
            tally.add(result)
            await self._send(result, shipment)
            # A block is some milliseconds of work: let other deliveries and health checks have their turn.
            await asyncio.sleep(0)
        return Sending(shipment, partial(self._count, delivery, tally, started))

    def promised(self, delivery: Delivery) -> None:
        """A delivery is as good as stored: its source is not silent."""
        self._completeness.promised(delivery.source_id, delivery.received_at_ms)

    async def _send(self, result: BlockResult, shipment: Shipment) -> None:
        for batch, times_ms in zip(result.batches, result.event_times_ms, strict=True):
            await shipment.send_batch(batch, max(times_ms, default=None))
        for letter in result.dead_letters:
            await shipment.send_dead_letter(letter)

    def _count(self, delivery: Delivery, tally: _Tally, started: float) -> None:
        self._metrics.acknowledgement.observe(time.monotonic() - started)
        self._metrics.deliveries.labels(delivery.source_id, "accepted").inc()
        self._metrics.lines.labels(delivery.source_id).inc(len(delivery.lines))
        for reason, count in tally.rejected.items():
            self._metrics.rejected.labels(delivery.source_id, reason).inc(count)
        if tally.events.newest_ms is not None:
            self._metrics.newest_event.labels(delivery.source_id).set(tally.events.newest_ms / 1_000)
            self._metrics.event_delay.add(delivery.source_id, tally.events)
        self.promised(delivery)
        self._completeness.stored(
            delivery.source_id,
            lines=len(delivery.lines),
            line_bytes=sum(map(len, delivery.lines)),
            rejected=tally.rejected,
            events=tally.events,
        )
