"""What stands in Kafka, read from the beginning to the end of now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.batch import parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter
from schemas.topics import DEAD_LETTER, RAW

_SECONDS = 10.0


class KafkaLog:
    """Reads whole topics; every message of raw must keep the contract."""

    def __init__(self, bootstrap: str) -> None:
        self._config = {"bootstrap.servers": bootstrap, "group.id": "test", "enable.auto.commit": False}

    def batches(self, source_id: str) -> list[AccessLogBatch]:
        """Batches of one source, heartbeats left out."""
        batches = [parse_batch(message.value()) for message in self.messages(RAW)]
        return [made for made in batches if made.header.source_id == source_id]

    def heartbeats(self) -> list[tuple[int, int, AccessLogBatch]]:
        """Partition, Kafka timestamp and message of every heartbeat."""
        found = ((message, parse_batch(message.value())) for message in self.messages(RAW))
        return [
            (message.partition(), message.timestamp()[1], made)
            for message, made in found
            if made.header.kind == BatchKind.BATCH_KIND_HEARTBEAT
        ]

    def dead_letters(self, source_id: str) -> list[DeadLetter]:
        """Dead letters of one source."""
        letters = [DeadLetter.FromString(message.value()) for message in self.messages(DEAD_LETTER)]
        return [letter for letter in letters if letter.source_id == source_id]

    def messages(self, topic: str) -> list[Any]:
        """All messages of a topic, partition by partition."""
        consumer = Consumer(self._config)
        try:
            partitions = consumer.list_topics(topic, _SECONDS).topics[topic].partitions
            return [message for partition in partitions for message in _of_partition(consumer, topic, partition)]
        finally:
            consumer.close()


def _of_partition(consumer: Consumer, topic: str, partition: int) -> Iterator[Any]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), _SECONDS)
    if low == high:
        return
    consumer.assign([TopicPartition(topic, partition, low)])
    while True:
        message = consumer.poll(_SECONDS)
        if message is None or message.error():
            raise AssertionError(f"{topic}-{partition} could not be read to its end: {message and message.error()}")
        yield message
        if message.offset() == high - 1:
            return
