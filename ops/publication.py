"""Batches into raw and dead letters, as a collector puts them there, with a claim by which the audit finds each batch.

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
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter


class NotPublished(RuntimeError):
    """Not everything is in Kafka, or its claim is not; the message says why. Publishing it again does no harm."""


def new_origin(prefix: str = REPLAY_BOOT) -> Origin:
    """Build and boot id of one run; `prefix` tells what kind of run."""
    return Origin(build=BUILD_ID, boot_id=prefix + secrets.token_hex(8))


def publish(settings: Settings, origin: Origin, messages: Iterable[AccessLogBatch | DeadLetter]) -> None:
    """Return once Kafka has acknowledged all of them and the claim. Raises NotPublished.

    Batches that name another process as their writer are not claimed: that process has.
    """
    try:
        asyncio.run(_publish(settings, origin, messages))
    except KafkaUnavailable as error:
        raise NotPublished(f"Kafka did not take everything: {error}; run again") from error


async def _publish(settings: Settings, origin: Origin, messages: Iterable[AccessLogBatch | DeadLetter]) -> None:
    config = producer_config(settings)
    publisher = Publisher(config, clock=settings.clock, totals=AcknowledgedTotals(), metrics=Metrics())
    async with publisher:
        await _require_same_time(settings, publisher)
        claimed = await _send(publisher, origin, messages)
        await _claim(publisher, origin, claimed)


async def _require_same_time(settings: Settings, publisher: Publisher) -> None:
    """A heartbeat pushes the watermark to this machine's time."""
    if settings.clock_is_real and (complaint := await ClockCheck(settings.clock, publisher.broker_time_ms).complaint()):
        raise NotPublished(complaint)


async def _send(
    publisher: Publisher, origin: Origin, messages: Iterable[AccessLogBatch | DeadLetter]
) -> AcknowledgedTotals:
    shipment, claimed = publisher.shipment(), AcknowledgedTotals()
    for message in messages:
        if isinstance(message, DeadLetter):
            await shipment.send_dead_letter(message)
        else:
            await shipment.send_batch(message)
            _claim_batch(claimed, message, origin)
        # Let the answers be heard: a failure ends the run here, not at the end of everything.
        await asyncio.sleep(0)
    await shipment.acknowledged()
    return claimed


def _claim_batch(claimed: AcknowledgedTotals, batch: AccessLogBatch, origin: Origin) -> None:
    if batch.header.collector_boot == origin.boot_id:
        rejected = sum(reason.count for reason in batch.header.rejected)
        claimed.add(batch.header.source_id, records=len(batch.records), rejected=rejected)


async def _claim(publisher: Publisher, origin: Origin, claimed: AcknowledgedTotals) -> None:
    shipment = publisher.shipment()
    partitions = await publisher.raw_partitions()
    for beat in heartbeat_batches(partitions, origin=origin, totals=claimed.snapshot()):
        if not publisher.queue_heartbeat(beat, shipment):
            raise NotPublished("the producer's queue is full; run again")
    await shipment.acknowledged()
