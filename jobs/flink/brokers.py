"""What the brokers say of themselves and of topics, for the checks before a job is submitted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient, ConfigResource

from jobs.environment import InvalidSetting
from jobs.kafka_connection import KafkaConnection

_TIMEOUT_S = 15.0


@dataclass(frozen=True, kw_only=True)
class TopicFacts:
    """Partition count and settings of a topic, by their Kafka names."""

    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class BrokerFacts:
    """What start-up checks need to know."""

    transaction_max_timeout_ms: int
    topics: dict[str, TopicFacts]


def broker_facts(kafka: KafkaConnection, topics: Iterable[str]) -> BrokerFacts:
    """Ask the brokers. Raises InvalidSetting for a topic that does not exist, KafkaException where none answers."""
    admin = AdminClient(kafka.librdkafka())
    metadata = admin.list_topics(timeout=_TIMEOUT_S)
    for topic in topics:
        if topic not in metadata.topics:
            raise InvalidSetting(
                f"topic {topic} does not exist at {kafka.bootstrap_servers}: create it (schemas/topics.py)"
            )
    broker = ConfigResource(ConfigResource.Type.BROKER, str(next(iter(metadata.brokers))))
    resources = {topic: ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics}
    futures = admin.describe_configs([broker, *resources.values()], request_timeout=_TIMEOUT_S)
    settings = {key.name: _values(future.result()) for key, future in futures.items()}
    return BrokerFacts(
        transaction_max_timeout_ms=int(settings[broker.name]["transaction.max.timeout.ms"]),
        topics={
            topic: TopicFacts(partitions=len(metadata.topics[topic].partitions), config=settings[topic])
            for topic in resources
        },
    )


def _values(entries: dict[str, object]) -> dict[str, str]:
    return {name: str(getattr(entry, "value", "")) for name, entry in entries.items()}
