"""A real broker: what it keeps over a restart, what it refuses, and the topics that it is given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource

from local import kafka
from local.ports import PortInUse, free_base
from local.settings import Settings
from schemas.topics import RAW, Topic, topics


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = Settings(state=tmp_path_factory.mktemp("kafka"), port_base=free_base(), broker_heap_mb=256)
    kafka.launch(made)
    yield made
    kafka.halt(made)


def test_topics_are_created_once_with_their_settings(settings: Settings) -> None:
    servers = kafka.bootstrap(settings)
    wanted = topics(2)
    assert sorted(kafka.create_topics(servers, wanted)) == sorted(topic.name for topic in wanted)
    assert kafka.create_topics(servers, wanted) == []
    raw = ConfigResource(ConfigResource.Type.TOPIC, RAW)
    admin = AdminClient({"bootstrap.servers": servers})
    described = admin.describe_configs([raw])[raw].result()
    expected = next(topic.config for topic in wanted if topic.name == RAW)
    assert {key: described[key].value for key in expected} == expected


def test_a_topic_that_the_broker_refuses_is_an_error(settings: Settings) -> None:
    with pytest.raises(KafkaException, match="INVALID_CONFIG"):
        kafka.create_topics(kafka.bootstrap(settings), [Topic(name="odd", partitions=1, config={"odd": "1"})])


def test_a_mistyped_topic_does_not_appear(settings: Settings) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap(settings), "message.timeout.ms": 1500, "log_level": 0})
    errors: list[str] = []
    producer.produce("cdn-logs.rwa", b"line", on_delivery=lambda error, _: errors.append(error.name()))
    producer.flush(10)
    assert errors in (["_UNKNOWN_TOPIC"], ["_MSG_TIMED_OUT"])


def test_a_taken_port_is_named_before_anything_starts(settings: Settings) -> None:
    with pytest.raises(PortInUse, match=rf"port {settings.ports.kafka} \(Kafka\) is in use by java"):
        kafka.launch(settings)


def test_messages_outlive_a_restart_of_the_broker(settings: Settings) -> None:
    servers = kafka.bootstrap(settings)
    kafka.create_topics(servers, [Topic(name="kept", partitions=1)])
    producer = Producer({"bootstrap.servers": servers, "acks": "all"})
    producer.produce("kept", b"line")
    assert producer.flush(10) == 0
    kafka.halt(settings)
    assert not kafka.running(settings)
    kafka.launch(settings)
    assert _end(servers, "kept") == 1


def _end(servers: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test"})
    try:
        return int(consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1])
    finally:
        consumer.close()
