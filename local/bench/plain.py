"""The baseline: the same pure functions in a plain confluent-kafka loop, transactional, without Flink."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.wiring import open_stage
from jobs.media_usage.batch_tally import LATE, tally_batch
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from local.bench.steady import Rate, steady_rate
from schemas.batch import parse_batch
from schemas.topics import MAX_MESSAGE_BYTES

_COMMIT_SECONDS: Final = 5.0
_BATCHES_A_POLL: Final = 64
_TRANSACTION_SECONDS: Final = 60.0


def enrich(settings: EnrichmentSettings, topic: str, records_a_batch: int) -> Rate:
    """Consume raw, enrich, produce into `topic` in transactions with the consumed offsets."""
    stage = open_stage(settings)
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "transactional.id": f"plain-{topic}",
            "message.max.bytes": MAX_MESSAGE_BYTES,
            "compression.type": "lz4",
            "linger.ms": 20,
            "partitioner": "murmur2_random",
            "queue.buffering.max.kbytes": 256 * 1024,
        }
    )
    producer.init_transactions(_TRANSACTION_SECONDS)
    producer.begin_transaction()

    def handle(message: Message) -> None:
        timestamp = message.timestamp()[1]
        output = stage.process(message.value(), timestamp)
        producer.produce(topic, key=output.key, value=output.value, timestamp=timestamp)
        producer.poll(0)

    def commit(consumer: Consumer) -> None:
        producer.send_offsets_to_transaction(positions(consumer), consumer.consumer_group_metadata())
        producer.commit_transaction(_TRANSACTION_SECONDS)
        producer.begin_transaction()

    try:
        return _loop(settings.kafka_bootstrap_servers, settings.raw_topic, records_a_batch, handle, commit)
    finally:
        producer.abort_transaction(_TRANSACTION_SECONDS)
        stage.close()


def count(bootstrap_servers: str, topic: str, records_a_batch: int) -> Rate:
    """Consume enriched, tally, deduplicate, and sum by hour and key, all in dictionaries."""
    seen: set[str] = set()
    windows: dict[tuple[int, UsageKey], Sums] = {}

    def handle(message: Message) -> None:
        tally = tally_batch(parse_batch(message.value()), RULES["1"])
        if tally.ledger.batch_id in seen or tally.ledger.path == LATE:
            return
        seen.add(tally.ledger.batch_id)
        for key, sums in tally.usage.items():
            place = (tally.ledger.hour_ms, key)
            windows[place] = windows.get(place, Sums()).plus(sums)

    return _loop(
        bootstrap_servers, topic, records_a_batch, handle, lambda consumer: consumer.commit(asynchronous=False)
    )


def positions(consumer: Consumer) -> list[TopicPartition]:
    """Where the consumer stands in each of its partitions that it has read from."""
    return [place for place in consumer.position(consumer.assignment()) if place.offset >= 0]


def _loop(
    bootstrap_servers: str,
    topic: str,
    records_a_batch: int,
    handle: Callable[[Message], None],
    commit: Callable[[Consumer], None],
) -> Rate:
    """Handle the topic from its beginning to its end, committing every few seconds."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"plain-{topic}-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": False,
            "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            "queued.max.messages.kbytes": 128 * 1024,
        }
    )
    consumer.subscribe([topic])
    progress: list[tuple[float, int]] = []
    handled, committed, next_commit = 0, 0, time.monotonic() + _COMMIT_SECONDS
    while messages := consumer.consume(_BATCHES_A_POLL, timeout=10 if handled == 0 else 2):
        for message in messages:
            handle(message)
        handled += len(messages)
        progress.append((time.monotonic(), handled * records_a_batch))
        if time.monotonic() >= next_commit:
            commit(consumer)
            committed, next_commit = handled, time.monotonic() + _COMMIT_SECONDS
    if handled > committed:
        commit(consumer)
    consumer.close()
    return steady_rate(progress)
