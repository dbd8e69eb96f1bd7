"""Reading a Kafka topic from its beginning, or from a time, to what is its end now. Joins no group, commits nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from collectors.kafka.config import producer_config
from collectors.settings import Settings
from ops.settings import InvalidSetting
from schemas.topics import MAX_MESSAGE_BYTES

#: Properties of a connection: those of a producer that a consumer shares with it.
_CONNECTION: Final = ("bootstrap.", "client.", "sasl.", "security.", "ssl.", "enable.ssl.", "socket.")
_TIMEOUT_S: Final = 30.0
_POLL_S: Final = 0.1
_AT_ONCE: Final = 1_000


class Unreadable(RuntimeError):
    """The topic cannot be read to its end; the message says why."""


def connection_from(environ: Mapping[str, str], prefix: str = "COLLECTOR_") -> dict[str, Any]:
    """How a collector connects, by COLLECTOR_KAFKA_BOOTSTRAP and ..._PROPERTIES_FILE. Raises InvalidSetting."""
    bootstrap, properties = (environ.get(f"{prefix}KAFKA_{name}") for name in ("BOOTSTRAP", "PROPERTIES_FILE"))
    if not bootstrap:
        raise InvalidSetting(f"{prefix}KAFKA_BOOTSTRAP is not set: give host:port of a Kafka broker")
    file = Path(properties) if properties else None
    return connection_of(
        producer_config(Settings(kafka_bootstrap=bootstrap, sources_file=Path(), kafka_properties_file=file))
    )


def connection_of(producer: Mapping[str, Any]) -> dict[str, Any]:
    """What of a producer's configuration says how to connect."""
    return {name: value for name, value in producer.items() if name.startswith(_CONNECTION)}


def read(connection: Mapping[str, Any], topic: str, since_ms: int | None = None) -> Generator[Message, None, None]:
    """Committed messages of all partitions, each partition in order. Raises Unreadable.

    `since_ms`: from each partition's first message whose timestamp is no older.
    """
    config = {
        **connection,
        "group.id": "ops",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
    }
    try:
        with closing(Consumer(config)) as consumer:
            starts = _starts(consumer, topic, since_ms)
            ends = {part.partition: consumer.get_watermark_offsets(part, _TIMEOUT_S)[1] for part in starts}
            consumer.assign(starts)
            yield from _until(consumer, ends)
    except KafkaException as error:
        raise Unreadable(f"{topic}: {error}") from error


def _starts(consumer: Consumer, topic: str, since_ms: int | None) -> list[TopicPartition]:
    metadata = consumer.list_topics(topic, _TIMEOUT_S).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    if since_ms is None:
        return [TopicPartition(topic, number, OFFSET_BEGINNING) for number in metadata.partitions]
    wanted = [TopicPartition(topic, number, since_ms) for number in metadata.partitions]
    found: list[TopicPartition] = consumer.offsets_for_times(wanted, _TIMEOUT_S)
    return [TopicPartition(topic, part.partition, OFFSET_END if part.offset < 0 else part.offset) for part in found]


def _until(consumer: Consumer, ends: Mapping[int, int]) -> Iterator[Message]:
    open_, silent_s = set(ends), 0.0
    while open_:
        messages = consumer.consume(_AT_ONCE, _POLL_S)
        silent_s = 0.0 if messages else silent_s + _POLL_S
        if silent_s > _TIMEOUT_S:
            raise Unreadable(f"Kafka has sent nothing for {_TIMEOUT_S:.0f} s")
        for message in messages:
            if _is_end(message) or message.offset() >= ends[message.partition()]:
                open_.discard(message.partition())
            else:
                yield message


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # confluent-kafka's name for it
        return True
    raise KafkaException(error)
