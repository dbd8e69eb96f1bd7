"""What a 2xx promises holds through every fault of Kafka and every death of a collector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from local.stack import Stack
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import RAW
from tests.integration.collectors.collector import Collector, collector, paused, running, stored, until_accepted
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.senders import LINES, Senders, body_of, delivery_id, records_by_delivery
from tests.integration.collectors.traffic import post

MIB = 1024 * 1024
RETRY = (503, "10")
#: What a sender may see of a collector that dies or stops: all of it is taken for "come again".
RETRYABLE = {"503", "ServerDisconnectedError", "ClientOSError", "ClientConnectorError", "ClientConnectionResetError"}


@asynccontextmanager
async def refusing(broker: Stack, name: str, value: str) -> AsyncIterator[None]:
    """Give the raw topic a setting with which the broker refuses every batch."""
    await asyncio.to_thread(_alter, broker, AlterConfigOpType.SET, name, value)
    try:
        yield
    finally:
        await asyncio.to_thread(_alter, broker, AlterConfigOpType.DELETE, name, value)


def _alter(broker: Stack, operation: AlterConfigOpType, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=operation)
    resource = ConfigResource(ConfigResource.Type.TOPIC, RAW, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": broker.kafka_bootstrap})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(timeout=20)


# A broker that is stopped, and comes back with its data: see test_deliveries.py.
@pytest.mark.parametrize("fault", ["silent", "too large", "too old"])
async def test_nothing_is_promised_that_kafka_does_not_store(broker: Stack, tmp_path: Path, fault: str) -> None:
    faults = {
        "silent": lambda: paused(broker),
        "too large": lambda: refusing(broker, "max.message.bytes", "100"),
        "too old": lambda: refusing(broker, "message.timestamp.before.max.ms", "1"),
    }
    async with running(collector(broker, tmp_path)) as one:
        await until_accepted(one.url, body_of(f"before {fault}"))
        bodies = [body_of(f"{fault} {number}") for number in range(8)]
        async with faults[fault]():
            assert await asyncio.gather(*(post(one.url, "acme", body) for body in bodies)) == [RETRY] * 8
        await asyncio.gather(*(until_accepted(one.url, body) for body in bodies))
    records = records_by_delivery(stored(broker))
    assert [records[delivery_id(body)] for body in bodies] == [LINES] * 8


async def test_memory_stays_bounded_while_kafka_takes_nothing(broker: Stack, tmp_path: Path) -> None:
    limit = 16 * MIB
    sizes = {"memory_limit_bytes": limit, "max_body_bytes": 4 * MIB, "max_decompressed_bytes": 8 * MIB}
    settings = {name: str(size) for name, size in sizes.items()}
    body = body_of("large", lines=3 * MIB // len(body_of("large", lines=1)))
    async with running(collector(broker, tmp_path, **settings)) as one:
        await until_accepted(one.url, body)
        calm = one.memory_bytes("VmHWM")
        async with paused(broker):
            for _ in range(2):
                answers = await asyncio.gather(*(post(one.url, "acme", body) for _ in range(24)))
                assert set(answers) == {(503, "5"), (503, "10")}, "over the limit, or waited in vain"
        assert one.memory_bytes("VmHWM") - calm < 6 * limit, "144 MiB were offered"
        await until_accepted(one.url, body)


async def test_a_killed_collector_loses_nothing_that_was_promised_and_claims_no_more_than_it_stored(
    broker: Stack, tmp_path: Path
) -> None:
    async with running(collector(broker, tmp_path)) as one:
        senders = Senders([one.url])
        async with senders.sending():
            for _ in range(2):
                await senders.until_promised(30)
                await until_heartbeat(one)
                await one.kill()
                await one.start()
            await senders.until_promised(10)
        assert await one.stop() == 0
    batches = sorted(stored(broker), key=lambda batch: batch.header.published_at_ms)
    records = records_by_delivery(batches)
    assert [name for name in senders.promised if records[name] != LINES] == []
    assert set(senders.failures) <= RETRYABLE
    assert sum(senders.failures.values()) > 0, "it was killed under load"
    own = [batch for batch in batches if batch.header.delivery_id in senders.promised]
    first, second, ended = dict.fromkeys(batch.header.collector_boot for batch in own)
    claims = claims_by_boot(broker)
    for killed in (first, second):
        assert Claim(0, 0) < claims[killed]
        assert all(said <= kept for said, kept in zip(claims[killed], written(own, killed), strict=True))
    assert claims[ended] == written(own, ended), "from nothing on, and all of it after a clean stop"


async def test_a_rolling_restart_under_load_loses_nothing_and_answers_only_what_is_retried(
    broker: Stack, tmp_path: Path
) -> None:
    async with running(collector(broker, tmp_path, 0)) as one, running(collector(broker, tmp_path, 1)) as other:
        senders = Senders([one.url, other.url])
        async with senders.sending():
            for each in (one, other):
                await senders.until_promised(40)
                assert await each.stop() == 0
                await senders.until_promised(20)
                await each.start()
            await senders.until_promised(20)
    records = records_by_delivery(stored(broker))
    assert [name for name in senders.promised if records[name] != LINES] == []
    assert set(senders.failures) <= RETRYABLE


class Claim(NamedTuple):
    """Batches and records of a process that Kafka has, as that process says or as it is."""

    batches: int
    records: int


def claims_by_boot(broker: Stack) -> dict[str, Claim]:
    """What the last heartbeat of each process claims."""
    claims: dict[str, Claim] = {}
    for _, _, beat in sorted(KafkaLog(broker.kafka_bootstrap).heartbeats(), key=lambda found: found[1]):
        totals = beat.header.heartbeat.totals
        claim = Claim(sum(total.batches for total in totals), sum(total.records for total in totals))
        assert claim >= claims.get(beat.header.collector_boot, claim), "a process never takes a claim back"
        claims[beat.header.collector_boot] = claim
    return claims


def written(batches: list[AccessLogBatch], boot_id: str) -> Claim:
    own = [batch for batch in batches if batch.header.collector_boot == boot_id]
    return Claim(len(own), sum(len(batch.records) for batch in own))


async def until_heartbeat(one: Collector) -> None:
    """Return once a heartbeat has told what was promised before."""
    name = 'collector_heartbeat_rounds_total{outcome="acknowledged"}'
    # One round may have been under way.
    wanted = (await one.metrics())[name] + 2
    async with asyncio.timeout(20):
        while (await one.metrics())[name] < wanted:  # noqa: ASYNC110  # the collector tells nobody
            await asyncio.sleep(0.05)
