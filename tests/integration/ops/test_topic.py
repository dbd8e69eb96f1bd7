"""Reading topics of a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka import Producer

from local import kafka
from local.stack import Stack
from ops import topic
from ops.topic import Unreadable, read
from schemas.topics import topics

NAMES = iter(f"read-{number}" for number in range(100))


@pytest.fixture
def name(broker: Stack) -> str:
    """A topic of its own, as raw is."""
    raw = next(each for each in topics(3) if each.name == "cdn-logs.raw")
    made = replace(raw, name=next(NAMES))
    kafka.create_topics(broker.kafka_bootstrap, [made])
    return made.name


def write(broker: Stack, name: str, values: dict[int, list[tuple[str, int]]], **config: str) -> Producer:
    """Values and timestamps by partition."""
    producer = Producer({"bootstrap.servers": broker.kafka_bootstrap, **config})
    if config:
        producer.init_transactions()
        producer.begin_transaction()
    for partition, messages in values.items():
        for value, moment in messages:
            producer.produce(name, value.encode(), partition=partition, timestamp=moment)
    producer.flush()
    return producer


def values(broker: Stack, name: str, since_ms: int | None = None) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for message in read({"bootstrap.servers": broker.kafka_bootstrap}, name, since_ms):
        found.setdefault(message.partition(), []).append(message.value().decode())
    return found


NOW = 1_788_264_000_000


def test_all_partitions_are_read_in_order(broker: Stack, name: str) -> None:
    write(broker, name, {0: [("a", NOW), ("b", NOW)], 2: [("c", NOW)]})
    assert values(broker, name) == {0: ["a", "b"], 2: ["c"]}


def test_an_empty_topic_has_an_end_too(broker: Stack, name: str) -> None:
    assert values(broker, name) == {}


def test_reading_begins_with_the_first_message_that_is_no_older(broker: Stack, name: str) -> None:
    write(broker, name, {0: [("a", NOW), ("b", NOW + 2), ("c", NOW + 1)], 1: [("d", NOW)], 2: []})
    assert values(broker, name, NOW + 1) == {0: ["b", "c"]}


def test_what_an_aborted_transaction_wrote_is_no_data(broker: Stack, name: str) -> None:
    write(broker, name, {0: [("a", NOW)]})
    write(broker, name, {0: [("b", NOW)], 1: [("c", NOW)]}, **{"transactional.id": name}).abort_transaction()
    assert values(broker, name) == {0: ["a"]}


def test_what_comes_meanwhile_is_left_out(broker: Stack, name: str) -> None:
    write(broker, name, {0: [("a", NOW), ("b", NOW)]})
    reading: Iterator[object] = read({"bootstrap.servers": broker.kafka_bootstrap}, name)
    next(reading)
    write(broker, name, {0: [("c", NOW)]})
    assert len(list(reading)) == 1


def test_a_topic_that_is_not_there_is_named(broker: Stack) -> None:
    with pytest.raises(Unreadable, match=r"no\.such\.topic"):
        values(broker, "no.such.topic")


def test_of_a_producer_only_the_connection_is_taken() -> None:
    producer = {"bootstrap.servers": "b:1", "sasl.mechanism": "PLAIN", "ssl.ca.location": "ca", "acks": "all"}
    assert topic.connection_of(producer) == {
        "bootstrap.servers": "b:1",
        "sasl.mechanism": "PLAIN",
        "ssl.ca.location": "ca",
    }
