"""Topics as a test looks at them and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from tests.e2e.waiting import until

_TIMEOUT_S = 30


def set_option(bootstrap_servers: str, topic: str, name: str, value: str) -> None:
    """Change one option of a topic, and wait until the broker goes by it."""
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result()

    def current() -> str:
        [described] = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
        return str(described.result()[name].value)

    until(lambda: current() == value, f"{name} of {topic} to be {value}")


def add_partitions(bootstrap_servers: str, topic: str, partitions: int) -> None:
    """Let a topic have so many partitions, and wait until it has."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    for future in admin.create_partitions([NewPartitions(topic, partitions)]).values():
        future.result(_TIMEOUT_S)
    until(lambda: _led(bootstrap_servers, topic) == partitions, f"{partitions} partitions of {topic}")


def _led(bootstrap_servers: str, topic: str) -> int:
    """How many partitions the topic has; none while one is so new that its leader does not know of it."""
    try:
        return len(ends(bootstrap_servers, topic))
    except KafkaException as error:
        if error.args[0].code() not in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE):
            raise
        return 0


def ends(bootstrap_servers: str, topic: str, *, committed: bool = False) -> dict[int, int]:
    """Offset after the last message of every partition; if `committed`, before the first open transaction."""
    level = "read_committed" if committed else "read_uncommitted"
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": "e2e-looks", "isolation.level": level}
    with closing(Consumer(settings)) as consumer:
        partitions = consumer.list_topics(topic, _TIMEOUT_S).topics[topic].partitions
        offsets = {n: consumer.get_watermark_offsets(TopicPartition(topic, n), _TIMEOUT_S) for n in partitions}
    return {number: high for number, (_, high) in offsets.items()}


def committed(bootstrap_servers: str, group: str, topic: str) -> dict[int, int]:
    """Offsets that a consumer group has committed; partitions without one are left out.

    None at all while the group's coordinator is still being found, which takes a moment after its first commit.
    """
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": group, "enable.auto.commit": False}
    with closing(Consumer(settings)) as consumer:
        partitions = consumer.list_topics(topic, _TIMEOUT_S).topics[topic].partitions
        try:
            found = consumer.committed([TopicPartition(topic, number) for number in partitions], _TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE):
                raise
            return {}
    return {each.partition: each.offset for each in found if each.offset >= 0}


def read(bootstrap_servers: str, topic: str, begins: Mapping[int, int]) -> dict[int, list[Message]]:
    """Messages of every partition, in order, from these offsets to what is the end now."""
    last = ends(bootstrap_servers, topic)
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": "e2e-reads", "enable.auto.commit": False}
    found: dict[int, list[Message]] = {number: [] for number in begins}
    with closing(Consumer(settings)) as consumer:
        consumer.assign([TopicPartition(topic, number, begin) for number, begin in begins.items()])
        while any(begins[number] + len(messages) < last[number] for number, messages in found.items()):
            for message in consumer.consume(1_000, timeout=1):
                found[message.partition()].append(message)
    return found


def empty(bootstrap_servers: str, topic: str) -> None:
    """Delete every message that the topic has now."""
    parts = [TopicPartition(topic, number, end) for number, end in ends(bootstrap_servers, topic).items()]
    # Kept by its name: a client that is gone answers nothing more.
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    for future in admin.delete_records(parts).values():
        future.result(_TIMEOUT_S)


def has_open_transaction(bootstrap_servers: str, topic: str) -> bool:
    """Whether a transaction has written to the topic and is not decided yet."""
    return ends(bootstrap_servers, topic) != ends(bootstrap_servers, topic, committed=True)
