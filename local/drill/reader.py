"""A read_committed reader of the enriched topic that runs all along: what it has seen, it can never unsee."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import closing
from types import TracebackType
from typing import Final, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from local.drill.verdict import Place, Places
from schemas.topics import MAX_MESSAGE_BYTES

_POLL_SECONDS: Final = 0.5
_REQUEST_SECONDS: Final = 30.0
_HEARTBEAT: Final = b"heartbeat-"
_MESSAGES: Final = 1_000


class ReadAgain(RuntimeError):
    """The broker handed out a message again, or in another order than that of its offsets."""


class Reader:
    """Counts the batches of a topic by their ids, each message once; a context manager that owns its thread."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._consumer = Consumer(_settings(bootstrap_servers, "drill-reader"))
        self._tally = Tally()
        self._topic = topic
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="drill-reader", daemon=True)

    def __enter__(self) -> Self:
        partitions = self._consumer.list_topics(self._topic, _REQUEST_SECONDS).topics[self._topic].partitions
        self._consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in partitions])
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    @property
    def places(self) -> Places:
        """Where each batch was seen so far. Raises ReadAgain if the order of messages was broken."""
        if self._error is not None:
            raise self._error
        return dict(self._tally.places)

    def _read(self) -> None:
        try:
            while not self._stopping.is_set():
                for message in self._consumer.consume(_MESSAGES, _POLL_SECONDS):
                    # A broker that is away is waited for.
                    if message.error() is None:
                        self._tally.add(message)
        except ReadAgain as error:
            self._error = error


class Tally:
    """Batches by id, with the place of each copy."""

    def __init__(self) -> None:
        self.places: defaultdict[bytes, list[Place]] = defaultdict(list)
        self._next_offsets: dict[int, int] = {}

    def add(self, message: Message) -> None:
        """Count a message, unless it is a heartbeat. Raises ReadAgain."""
        partition, offset = message.partition(), message.offset()
        expected = self._next_offsets.get(partition, 0)
        if offset < expected:
            raise ReadAgain(f"partition {partition} gave offset {offset} after {expected - 1}")
        self._next_offsets[partition] = offset + 1
        key = message.key()
        if not key.startswith(_HEARTBEAT):
            self.places[key].append(Place(partition, offset))


def read_all(bootstrap_servers: str, topic: str) -> Places:
    """Where each batch stands in a topic, from its beginning to what is now the end of committed messages."""
    tally, settings = Tally(), _settings(bootstrap_servers, "drill-reads-all") | {"enable.partition.eof": True}
    with closing(Consumer(settings)) as consumer:
        partitions = consumer.list_topics(topic, _REQUEST_SECONDS).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        unread = set(partitions)
        while unread:
            for message in consumer.consume(_MESSAGES, _POLL_SECONDS):
                error = message.error()
                if error is None:
                    tally.add(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                    unread.discard(message.partition())
    return dict(tally.places)


def _settings(bootstrap_servers: str, group: str) -> dict[str, str | int | bool]:
    return {
        "bootstrap.servers": bootstrap_servers,
        "group.id": group,
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        # A broker that is away is part of the drill.
        "log_level": 0,
    }
