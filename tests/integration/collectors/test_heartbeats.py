"""Heartbeats and the partitioner, against librdkafka and a real broker."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from confluent_kafka import Message, Producer

from collectors.partitioner import partition_of
from local import kafka
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
