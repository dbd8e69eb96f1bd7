"""Offsets of a real broker: what a transaction that was left open does to them."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import Producer
from prometheus_client.core import GaugeMetricFamily

from local.stack import Stack
from local.waiting import until
from ops.exporter.reading import NotRead
from ops.exporter.topics import Topics
from schemas.topics import DEAD_LETTER, ENRICHED, RAW

PARTITIONS = 4
Offsets = dict[tuple[str, str], float]


def read(broker: Stack) -> tuple[Offsets, Offsets]:
    """Stable and end offsets by topic and partition."""
    families = until(lambda: leading(broker), "every partition has a leader", 60)
    assert [family.name for family in families] == ["pipeline_topic_stable_offset", "pipeline_topic_end_offset"]
    stable, end = (
        {(each.labels["topic"], each.labels["partition"]): each.value for each in family.samples} for family in families
    )
    return stable, end


def leading(broker: Stack) -> list[GaugeMetricFamily]:
    """Nothing while the broker is still about to lead a partition that was just made."""
    try:
        return Topics({"bootstrap.servers": broker.kafka_bootstrap}).read()
    except NotRead:
        return []


def write(producer: Producer, topic: str, partition: int, messages: int) -> None:
    for _ in range(messages):
        producer.produce(topic, b"value", partition=partition, timestamp=time.time_ns() // 1_000_000)
    producer.flush()


def test_every_partition_of_every_topic_is_told(broker: Stack) -> None:
    stable, end = read(broker)
    partitions = {(topic, str(number)) for topic in (RAW, ENRICHED) for number in range(PARTITIONS)}
    assert set(stable) == set(end) == partitions | {(DEAD_LETTER, "0")}


def test_without_transactions_what_is_written_is_stable(broker: Stack) -> None:
    write(Producer({"bootstrap.servers": broker.kafka_bootstrap}), RAW, 1, messages=3)
    stable, end = read(broker)
    assert stable[RAW, "1"] == end[RAW, "1"] == 3


def test_an_open_transaction_holds_the_stable_offset_of_its_partition_until_it_ends(broker: Stack) -> None:
    producer = Producer({"bootstrap.servers": broker.kafka_bootstrap, "transactional.id": "enrichment.enriched.test"})
    producer.init_transactions()
    producer.begin_transaction()
    write(producer, ENRICHED, 2, messages=5)
    stable, end = read(broker)
    assert (stable[ENRICHED, "2"], end[ENRICHED, "2"]) == (0, 5)
    assert stable[ENRICHED, "0"] == end[ENRICHED, "0"] == 0
    producer.abort_transaction()
    stable, end = read(broker)
    # The abort itself takes an offset.
    assert stable[ENRICHED, "2"] == end[ENRICHED, "2"] == 6


def test_a_broker_that_is_away_is_a_failed_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.exporter.topics._TIMEOUT_S", 0.5)
    topics = Topics({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    with pytest.raises(NotRead, match="Kafka: "):
        topics.read()
