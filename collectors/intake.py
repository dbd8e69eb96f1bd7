"""What happens to a delivery, whichever way it came: cut, parse, publish, wait for Kafka, count."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from collectors.blocks import BlockResult, Delivery, cut_blocks, parse_block
from collectors.completeness import Completeness
from collectors.event_times import EventTimes
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.publisher import Publisher, Shipment
from collectors.records import LineParser


@dataclass
class _Tally:
    received_at_ms: int
    events: EventTimes = field(default_factory=EventTimes)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, result: BlockResult) -> None:
        self.rejected.update(letter.reason for letter in result.dead_letters)
        self.events.add(self.received_at_ms, result.event_times_ms)


class Intake:
    """The one door to Kafka for lines."""

    def __init__(self, *, publisher: Publisher, metrics: Metrics, completeness: Completeness, origin: Origin) -> None:
        self._publisher = publisher
        self._metrics = metrics
        self._completeness = completeness
        self._origin = origin

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        """Return once Kafka has acknowledged every batch and dead letter of the delivery.

        Raises KafkaUnavailable if it has not; parts may be stored then, and a retry stores them again under the
        same ids.
        """
        started = time.monotonic()
        tally = _Tally(delivery.received_at_ms)
        shipment = self._publisher.shipment()
        for block in cut_blocks(delivery.lines):
            result = parse_block(delivery, block, parse, self._origin)
            tally.add(result)
            await self._send(result, shipment)
            # A block is some milliseconds of work: let other deliveries and health checks have their turn.
            await asyncio.sleep(0)
        await shipment.acknowledged()
        self._metrics.acknowledgement.observe(time.monotonic() - started)
        self._count(delivery, tally)

    async def _send(self, result: BlockResult, shipment: Shipment) -> None:
        for batch in result.batches:
            await shipment.send_batch(batch)
        for letter in result.dead_letters:
            await shipment.send_dead_letter(letter)

    def _count(self, delivery: Delivery, tally: _Tally) -> None:
        self._metrics.deliveries.labels(delivery.source_id, "accepted").inc()
        self._metrics.lines.labels(delivery.source_id).inc(len(delivery.lines))
        for reason, count in tally.rejected.items():
            self._metrics.rejected.labels(delivery.source_id, reason).inc(count)
        if tally.events.newest_ms is not None:
            self._metrics.newest_event.labels(delivery.source_id).set(tally.events.newest_ms / 1_000)
            self._metrics.event_delay.add(delivery.source_id, tally.events)
        self._completeness.accepted(
            delivery.source_id,
            lines=len(delivery.lines),
            line_bytes=sum(map(len, delivery.lines)),
            rejected=tally.rejected,
            events=tally.events,
        )
