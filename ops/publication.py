"""Batches into raw, as a collector puts them there, with the claim by which the audit finds each of them.

The collectors' own producer stamps and sends them, so nothing that windows and deduplication stand on is said twice.
Behind the last batch goes a heartbeat into every partition: what was acknowledged, under a boot id of this run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from collectors.build import BUILD_ID
from collectors.kafka.clock_check import ClockCheck
from collectors.kafka.config import producer_config
from collectors.kafka.heartbeat import heartbeat_batches
from collectors.kafka.publisher import KafkaUnavailable, Publisher
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.settings import Settings
from ops.account import REPLAY_BOOT
from schemas.cdn_logs_pb2 import AccessLogBatch


class NotPublished(RuntimeError):
    """Not everything is in Kafka, or its claim is not; the message says why. Publishing it again does no harm."""


def new_origin() -> Origin:
    """Build and boot id of one run."""
    return Origin(build=BUILD_ID, boot_id=REPLAY_BOOT + secrets.token_hex(8))


def publish(settings: Settings, origin: Origin, batches: Iterable[AccessLogBatch]) -> None:
    """Return once Kafka has acknowledged all of them and the claim. Raises NotPublished.

    Batches that name another process as their writer are not claimed: that process has.
    """
    try:
        asyncio.run(_publish(settings, origin, batches))
    except KafkaUnavailable as error:
        raise NotPublished(f"Kafka did not take everything: {error}; run again") from error


async def _publish(settings: Settings, origin: Origin, batches: Iterable[AccessLogBatch]) -> None:
    config = producer_config(settings)
    publisher = Publisher(config, clock=settings.clock, totals=AcknowledgedTotals(), metrics=Metrics())
    async with publisher:
        await _require_same_time(settings, publisher)
        claimed = await _send(publisher, origin, batches)
        await _claim(publisher, origin, claimed)


async def _require_same_time(settings: Settings, publisher: Publisher) -> None:
    """A heartbeat pushes the watermark to this machine's time."""
    if settings.clock_is_real and (complaint := await ClockCheck(settings.clock, publisher.broker_time_ms).complaint()):
        raise NotPublished(complaint)


async def _send(publisher: Publisher, origin: Origin, batches: Iterable[AccessLogBatch]) -> AcknowledgedTotals:
    shipment, claimed = publisher.shipment(), AcknowledgedTotals()
    for batch in batches:
        await shipment.send_batch(batch)
        if batch.header.collector_boot == origin.boot_id:
            rejected = sum(reason.count for reason in batch.header.rejected)
            claimed.add(batch.header.source_id, records=len(batch.records), rejected=rejected)
    await shipment.acknowledged()
    return claimed


async def _claim(publisher: Publisher, origin: Origin, claimed: AcknowledgedTotals) -> None:
    shipment = publisher.shipment()
    partitions = await publisher.raw_partitions()
    for beat in heartbeat_batches(partitions, origin=origin, totals=claimed.snapshot()):
        if not publisher.queue_heartbeat(beat, shipment):
            raise NotPublished("the producer's queue is full; run again")
    await shipment.acknowledged()
