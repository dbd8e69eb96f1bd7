"""Heartbeats: they let hours close on partitions without traffic, and carry what this collector claims to have sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from collectors.kafka.partitioner import keys_by_partition
from collectors.kafka.publisher import KafkaUnavailable, Publisher
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from collectors.origin import Origin
from schemas.batch import ID_VERSION
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader, BatchKind, Heartbeat, SourceTotals

log = logging.getLogger(__name__)

_KEY_PREFIX = "heartbeat-"


def heartbeat_batches(partitions: int, *, origin: Origin, totals: list[SourceTotals]) -> Iterator[AccessLogBatch]:
    """One heartbeat for each partition, with a key that hashes to it."""
    for _, key in sorted(keys_by_partition(_KEY_PREFIX, partitions).items()):
        yield AccessLogBatch(
            header=BatchHeader(
                kind=BatchKind.BATCH_KIND_HEARTBEAT,
                id_version=ID_VERSION,
                collector_build=origin.build,
                collector_boot=origin.boot_id,
                heartbeat=Heartbeat(boot_id=origin.boot_id, key=key, totals=totals),
            )
        )


class Heart:
    """Sends a round of heartbeats every interval."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        totals: AcknowledgedTotals,
        metrics: Metrics,
        origin: Origin,
        interval_s: float,
    ) -> None:
        self._publisher = publisher
        self._totals = totals
        self._metrics = metrics
        self._origin = origin
        self._interval_s = interval_s

    async def beat_forever(self) -> None:
        """One round an interval until cancelled; a round that Kafka does not take is counted and left out."""
        while True:
            await self.beat()
            await asyncio.sleep(self._interval_s)

    async def beat(self) -> None:
        """One round: a heartbeat into every raw partition, as many as there are now."""
        try:
            await self._round(await self._publisher.raw_partitions())
        except KafkaUnavailable as error:
            self._metrics.heartbeats.labels("failed").inc()
            log.warning("no heartbeat: %s", error)
        else:
            self._metrics.heartbeats.labels("acknowledged").inc()

    async def _round(self, partitions: int) -> None:
        shipment = self._publisher.shipment()
        totals = self._totals.snapshot()
        for batch in heartbeat_batches(partitions, origin=self._origin, totals=totals):
            if not self._publisher.queue_heartbeat(batch, shipment):
                raise KafkaUnavailable("the producer's queue is full")
        await shipment.acknowledged()
