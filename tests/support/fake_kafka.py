"""A producer without a broker: keeps what it is given and answers as a test says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from collectors.clock import Clock
from collectors.kafka.publisher import Publisher
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter
from schemas.topics import DEAD_LETTER, RAW

TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)
CONFIG = {"message.timeout.ms": 200}


@dataclass
class Sent:
    """One message as it was produced."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 0


@dataclass
class _Answer:
    """What a delivery report says of a message."""

    time_ms: int

    def timestamp(self) -> tuple[int, int]:
        return 2, self.time_ms


@dataclass
class _Metadata:
    topics: dict[str, Any]


@dataclass
class _TopicMetadata:
    partitions: dict[int, None]
    error: KafkaError | None = None


@dataclass
class FakeProducer:
    """Stands in for confluent_kafka.Producer; answers come out of `poll`, on the poller's thread, as there."""

    answering: bool = True
    error: KafkaError | None = None
    room: int = 1_000_000
    partitions: int = 4
    broker_time_ms: int = 0
    metadata_error: KafkaError | None = None
    refusal: KafkaException | None = None
    sent: list[Sent] = field(default_factory=list)
    flushed: list[float] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    _waiting: list[Callable[..., None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, config: dict[str, Any], logger: logging.Logger) -> FakeProducer:
        """Take the place of the class."""
        self.config = config
        return self

    def produce(self, topic: str, value: bytes | None = None, **message: Any) -> None:
        on_delivery = message.pop("on_delivery")
        with self._lock:
            if self.refusal is not None:
                raise self.refusal
            if len(self._waiting) >= self.room:
                raise BufferError("Local: Queue full")
            self._waiting.append(on_delivery)
            self.sent.append(Sent(topic=topic, value=value, **message))

    def poll(self, timeout: float) -> int:
        with self._lock:
            answered, self._waiting = (self._waiting, []) if self.answering else ([], self._waiting)
        for on_delivery in answered:
            on_delivery(self.error, _Answer(self.broker_time_ms))
        if not answered:
            threading.Event().wait(min(timeout, 0.002))
        return len(answered)

    def flush(self, timeout: float) -> int:
        self.flushed.append(timeout)
        return len(self._waiting)

    def list_topics(self, topic: str, timeout: float) -> _Metadata:
        if self.metadata_error is not None:
            raise KafkaException(self.metadata_error)
        return _Metadata({topic: _TopicMetadata(dict.fromkeys(range(self.partitions)))})

    def batches(self) -> list[AccessLogBatch]:
        """What was sent to raw."""
        return [AccessLogBatch.FromString(sent.value or b"") for sent in self.sent if sent.topic == RAW]

    def dead_letters(self) -> list[DeadLetter]:
        """What was sent to the dead-letter topic."""
        return [DeadLetter.FromString(sent.value or b"") for sent in self.sent if sent.topic == DEAD_LETTER]


class TurnedClock:
    """A clock that stands until a test turns it."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


def publisher(
    producer: FakeProducer, clock: Clock, *, totals: AcknowledgedTotals | None = None, metrics: Metrics | None = None
) -> Publisher:
    """A publisher of this producer, to be entered by the test; messages time out after 0.2 s."""
    return Publisher(
        CONFIG,
        clock=clock,
        totals=totals or AcknowledgedTotals(),
        metrics=metrics or Metrics(),
        new_producer=producer,
    )
