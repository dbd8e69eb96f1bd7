"""How far the jobs have come in their topics, as the offsets say that they commit with every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Final

from confluent_kafka import Consumer, TopicPartition

_TIMEOUT_SECONDS: Final = 10.0


def ends(bootstrap_servers: str, topic: str) -> dict[int, int]:
    """Offset after the last message of every partition, committed or not. Raises KafkaException."""
    with closing(_consumer(bootstrap_servers, "drill-looks")) as consumer:
        partitions = consumer.list_topics(topic, _TIMEOUT_SECONDS).topics[topic].partitions
        both = {n: consumer.get_watermark_offsets(TopicPartition(topic, n), _TIMEOUT_SECONDS) for n in partitions}
    return {number: high for number, (_, high) in both.items()}


def committed(bootstrap_servers: str, group: str, topic: str) -> dict[int, int]:
    """Offsets that a group has committed; 0 where it has not yet. Raises KafkaException."""
    with closing(_consumer(bootstrap_servers, group)) as consumer:
        partitions = consumer.list_topics(topic, _TIMEOUT_SECONDS).topics[topic].partitions
        found = consumer.committed([TopicPartition(topic, number) for number in partitions], _TIMEOUT_SECONDS)
    return {each.partition: max(0, each.offset) for each in found}


def reached(now: Mapping[int, int], wanted: Mapping[int, int]) -> bool:
    """Whether every partition has come as far as wanted."""
    return all(now.get(partition, 0) >= offset for partition, offset in wanted.items())


def behind(now: Mapping[int, int], end: Mapping[int, int]) -> int:
    """Messages between the offsets, all partitions together."""
    return sum(max(0, offset - now.get(partition, 0)) for partition, offset in end.items())


def _consumer(bootstrap_servers: str, group: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": group,
            # The end of a topic is asked of all messages, those of open transactions too.
            "isolation.level": "read_uncommitted",
            "log_level": 0,
        }
    )
