"""Heartbeats and the partitioner, against librdkafka and a real broker."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from itertools import count

import aiohttp
import pytest
from confluent_kafka import Message, Producer

from collectors.kafka.partitioner import partition_of
from local import collectors, kafka, process
from local.stack import Stack
from schemas.topics import Topic
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.traffic import cloudflare_line, post


def test_keys_go_where_librdkafka_sends_them(stack: Stack) -> None:
    kafka.create_topics(stack.kafka_bootstrap, [Topic(name="partitioner-test", partitions=4)])
    producer = Producer({"bootstrap.servers": stack.kafka_bootstrap, "partitioner": "murmur2_random"})
    sent: dict[bytes, int] = {}

    def remember(_: object, message: Message) -> None:
        sent[message.key()] = message.partition()

    for number in range(200):
        producer.produce("partitioner-test", key=f"key-{number}-{'x' * (number % 7)}".encode(), on_delivery=remember)
    assert producer.flush(30) == 0
    assert sent == {key: partition_of(key, 4) for key in sent}
    assert len(sent) == 200


async def test_every_partition_gets_heartbeats_of_every_collector(stack: Stack, kafka_log: KafkaLog) -> None:
    await asyncio.sleep(2.5)
    heartbeats = kafka_log.heartbeats()
    now_ms = time.time_ns() // 1_000_000
    by_boot: defaultdict[str, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for partition, timestamp_ms, beat in heartbeats:
        header = beat.header
        assert partition_of(header.heartbeat.key.encode(), 4) == partition
        assert timestamp_ms == header.published_at_ms <= now_ms
        assert header.heartbeat.boot_id == header.collector_boot
        by_boot[header.collector_boot][partition].append(timestamp_ms)
    assert len(by_boot) == 2
    for partitions in by_boot.values():
        assert sorted(partitions) == [0, 1, 2, 3]
        for timestamps in partitions.values():
            assert timestamps == sorted(timestamps)
            assert len(timestamps) >= 2


async def test_the_last_heartbeat_of_a_stopped_collector_claims_all_that_kafka_has_of_it(
    stack: Stack, kafka_log: KafkaLog
) -> None:
    bodies = [b"\n".join([cloudflare_line(f"claimed-{number}")] * 600 + [b"bad"]) for number in range(8)]
    posts = [post(stack.collector_urls[1], "cloudflare", body) for body in [*bodies, *bodies[:2]]]
    assert {status for status, _ in await asyncio.gather(*posts)} == {200}
    await asyncio.to_thread(stack.stop_collector, 1)
    try:
        batches = kafka_log.batches("cloudflare")
        heartbeats = kafka_log.heartbeats()
    finally:
        await asyncio.to_thread(stack.start_collector, 1)
    boot_id = next(made.header.collector_boot for made in batches if "claimed" in made.records[0].path)
    written = [made for made in batches if made.header.collector_boot == boot_id]
    claims = [beat.header.heartbeat.totals for _, _, beat in heartbeats if beat.header.collector_boot == boot_id]
    last = max((claim[0] for claim in claims if claim), key=lambda claim: claim.batches)
    assert (last.source_id, last.batches, last.records, last.rejected) == (
        "cloudflare",
        len(written),
        sum(len(made.records) for made in written),
        sum(reason.count for made in written for reason in made.header.rejected),
    )
    finals = [
        beat for beat in heartbeats if beat[2].header.heartbeat.totals and beat[2].header.heartbeat.totals[0] == last
    ]
    assert {partition for partition, _, _ in finals} == {0, 1, 2, 3}


@pytest.mark.timeout(60)
async def test_a_killed_collector_has_claimed_what_it_had_answered_and_no_more_than_kafka_has(
    stack: Stack, kafka_log: KafkaLog
) -> None:
    answered_ms = await _kill_under_load(stack, 0)
    killed_ms = time.time_ns() // 1_000_000
    await asyncio.to_thread(stack.stop_collector, 0)
    await asyncio.to_thread(stack.start_collector, 0)
    await asyncio.sleep(1.5)
    beats = [beat.header for _, _, beat in kafka_log.heartbeats()]
    present = kafka_log.batches("outage")
    (boot_id,) = {made.header.collector_boot for made in present}
    claims = [
        (beat.published_at_ms, claim.batches)
        for beat in beats
        for claim in beat.heartbeat.totals
        if beat.collector_boot == boot_id and claim.source_id == "outage"
    ]
    last_ms, claimed = max(claims)
    # An answer is on its way for a moment before the sender has it.
    assert 0 < sum(at_ms < last_ms - 50 for at_ms in answered_ms) <= claimed <= len(present)
    assert len(answered_ms) <= len(present)
    boots_before = {beat.collector_boot for beat in beats if beat.published_at_ms < killed_ms}
    reborn = [beat for beat in beats if beat.collector_boot not in boots_before]
    assert len({beat.collector_boot for beat in reborn}) == 1
    assert not any(beat.heartbeat.totals for beat in reborn)


async def _kill_under_load(stack: Stack, index: int) -> list[int]:
    """SIGKILL a collector after some rounds of heartbeats; when each of its answers was received."""
    answered_ms: list[int] = []
    url = stack.collector_urls[index]

    async def post_on(sender: int) -> None:
        for number in count():
            try:
                status, _ = await post(url, "outage", cloudflare_line(f"killed-{sender}-{number}"))
            except (aiohttp.ClientError, OSError):
                return
            assert status == 200
            answered_ms.append(time.time_ns() // 1_000_000)

    posting = asyncio.gather(*map(post_on, range(4)))
    await asyncio.sleep(3.5)
    killed = process.find(stack.settings.state, collectors.name(index))
    assert killed is not None
    killed.signal(signal.SIGKILL)
    await posting
    return answered_ms
