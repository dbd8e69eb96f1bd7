"""The way into Kafka: batches, dead letters and heartbeats out, one awaited answer a delivery back.

Everything but librdkafka's own work happens on the event loop's thread. In particular, each batch and heartbeat is
stamped with the clock and queued in one step, so that nothing is ever queued behind a heartbeat that is older than
it: a heartbeat pushes the watermark to its time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from collectors.clock import Clock
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from schemas.batch import kafka_key, kafka_timestamp, stamp_publication
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter
from schemas.topics import CLOCK, DEAD_LETTER, RAW

log = logging.getLogger(__name__)

_POLL_S: Final = 0.2
_METADATA_TIMEOUT_S: Final = 5.0


class KafkaUnavailable(Exception):
    """Kafka did not take every message in time. Nothing is promised; the sender shall come again."""


class KafkaRefused(KafkaUnavailable):
    """Kafka has answered and does not want a message (too large, no permission, ...): waiting alone mends nothing."""


def _unavailable(name: str, detail: str = "") -> KafkaUnavailable:
    """The exception for librdkafka's error name; names of its own errors, which no broker sends, begin with `_`."""
    kind = KafkaUnavailable if name.startswith("_") else KafkaRefused
    return kind(detail or name)


class Shipment:
    """The messages of one delivery on their way to Kafka."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._open = 0
        self._error: str | None = None
        self._settled = asyncio.Event()

    async def send_batch(self, batch: AccessLogBatch, newest_event_ms: int | None = None) -> None:
        """Queue a batch, stamped with its publication; `newest_event_ms` is looked for where it is not given.

        Raises KafkaUnavailable if the queue stays full, or once an earlier message has failed.
        """
        self._raise_error()
        while not self._publisher.queue_batch(batch, self, newest_event_ms):
            await self._wait_for_room()

    async def send_dead_letter(self, letter: DeadLetter) -> None:
        """Queue a dead letter. Raises KafkaUnavailable as `send_batch` does."""
        self._raise_error()
        while not self._publisher.queue_dead_letter(letter, self):
            await self._wait_for_room()

    async def acknowledged(self) -> None:
        """Wait for the last answer. Raises KafkaUnavailable unless Kafka has stored every message.

        Ends within the delivery timeout: librdkafka answers for every message by then.
        """
        while self._open:
            self._settled.clear()
            await self._settled.wait()
        self._raise_error()

    async def _wait_for_room(self) -> None:
        self._raise_error()
        await self._publisher.room()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise _unavailable(self._error)

    def queued(self) -> None:
        """One more message to wait for."""
        self._open += 1

    def answered(self, error: str | None) -> None:
        """One message less; `error` is set if it is not stored."""
        self._open -= 1
        self._error = self._error or error
        self._settled.set()


class Publisher:
    """Owner of the producer. Use inside its `async with` block."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        clock: Clock,
        totals: AcknowledgedTotals,
        metrics: Metrics,
        new_producer: Callable[..., Producer] = Producer,
    ) -> None:
        self._clock = clock
        self._totals = totals
        self._metrics = metrics
        self._delivery_timeout_s = config["message.timeout.ms"] / 1_000
        self._reports: deque[tuple[_Receipt, str | None]] = deque()
        self._drain_is_scheduled = False
        self._room = asyncio.Event()
        self._is_closing = False
        self._loop = asyncio.get_running_loop()
        #: Set with a sentence when librdkafka, or a task that matters, cannot go on: the process must start anew.
        self.fatal: asyncio.Future[str] = self._loop.create_future()
        self._producer = new_producer({**config, "error_cb": self._on_error}, logger=log)
        self._poller = Thread(target=self._poll, name="kafka-poll", daemon=True)

    async def __aenter__(self) -> Publisher:
        self._poller.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.flush()
        self._is_closing = True
        await asyncio.to_thread(self._poller.join)

    async def flush(self) -> None:
        """Wait until every queued message is answered, at most the delivery timeout."""
        await asyncio.to_thread(self._producer.flush, self._delivery_timeout_s)

    def shipment(self) -> Shipment:
        """A new, empty shipment."""
        return Shipment(self)

    async def raw_partitions(self) -> int:
        """Number of partitions of raw. Raises KafkaUnavailable if Kafka does not answer, or has no such topic."""
        try:
            metadata = await asyncio.to_thread(self._producer.list_topics, RAW, _METADATA_TIMEOUT_S)
        except KafkaException as error:
            raise KafkaUnavailable(str(error)) from error
        topic = metadata.topics[RAW]
        if topic.error is not None:
            raise KafkaUnavailable(f"{RAW}: {topic.error}")
        return len(topic.partitions)

    async def broker_time_ms(self) -> int:
        """The broker's clock, in epoch milliseconds. Raises KafkaUnavailable."""
        answer: asyncio.Future[int] = self._loop.create_future()

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            self._loop.call_soon_threadsafe(_settle, answer, error, message.timestamp()[1])

        try:
            self._producer.produce(CLOCK, b"", on_delivery=on_delivery)
        except (BufferError, KafkaException) as error:
            raise KafkaUnavailable(str(error)) from error
        return await answer

    def queue_batch(self, batch: AccessLogBatch, shipment: Shipment, newest_event_ms: int | None = None) -> bool:
        """Stamp and queue a batch; False if the queue is full."""
        stamp_publication(batch, self._clock.now_ms())
        return self._queue_raw(batch, _Receipt(shipment, batch), newest_event_ms)

    def queue_heartbeat(self, batch: AccessLogBatch, shipment: Shipment) -> bool:
        """Stamp and queue a heartbeat; False if the queue is full."""
        batch.header.published_at_ms = self._clock.now_ms()
        return self._queue_raw(batch, _Receipt(shipment))

    def queue_dead_letter(self, letter: DeadLetter, shipment: Shipment) -> bool:
        """Queue a dead letter; False if the queue is full. Its key leads a line's copies to one partition."""
        key = f"{letter.delivery_id}:{letter.line}".encode()
        return self._queue(_Receipt(shipment), topic=DEAD_LETTER, key=key, value=letter.SerializeToString())

    async def room(self) -> None:
        """Wait until the queue has shrunk. Raises KafkaUnavailable after the delivery timeout."""
        self._room.clear()
        try:
            # wait_for would swallow a cancellation that comes together with the room (python/cpython#86296).
            async with asyncio.timeout(self._delivery_timeout_s):
                await self._room.wait()
        except TimeoutError:
            raise KafkaUnavailable("the producer's queue stays full") from None

    def _queue_raw(self, batch: AccessLogBatch, receipt: _Receipt, newest_event_ms: int | None = None) -> bool:
        return self._queue(
            receipt,
            topic=RAW,
            key=kafka_key(batch.header),
            value=batch.SerializeToString(),
            timestamp=kafka_timestamp(batch, newest_event_ms),
        )

    def _queue(self, receipt: _Receipt, **message: Any) -> bool:  # produce()'s own arguments
        try:
            self._producer.produce(**message, on_delivery=partial(self._on_report, receipt))
        except BufferError:
            return False
        except KafkaException as error:
            raise _unavailable(error.args[0].name(), str(error)) from error
        receipt.shipment.queued()
        return True

    def _poll(self) -> None:
        while not self._is_closing:
            self._producer.poll(_POLL_S)

    def _on_report(self, receipt: _Receipt, error: KafkaError | None, _: object) -> None:
        """On the poller's thread: hand over to the loop, one wake-up for many reports."""
        self._reports.append((receipt, None if error is None else error.name()))
        if not self._drain_is_scheduled:
            self._drain_is_scheduled = True
            self._loop.call_soon_threadsafe(self._drain_reports)

    def _drain_reports(self) -> None:
        # First the flag: a report that comes in between schedules another drain rather than none.
        self._drain_is_scheduled = False
        while self._reports:
            receipt, error = self._reports.popleft()
            if error is None:
                receipt.count(self._totals)
            else:
                self._metrics.kafka_failures.labels(error).inc()
            receipt.shipment.answered(error)
        self._room.set()

    def _on_error(self, error: KafkaError) -> None:
        """On the poller's thread. Only fatal errors matter here: all others end in delivery reports."""
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001  # librdkafka's name for it
            self._loop.call_soon_threadsafe(self._set_fatal, error.str())
        else:
            log.warning("kafka: %s", error.str())

    def _set_fatal(self, reason: str) -> None:
        if not self.fatal.done():
            self.fatal.set_result(reason)


def _settle(answer: asyncio.Future[int], error: KafkaError | None, value: int) -> None:
    if answer.done():  # whoever asked has gone
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(KafkaUnavailable(error.name()))


class _Receipt:
    """Who waits for a message, and what it adds to the acknowledged totals."""

    __slots__ = ("_records", "_rejected", "_source_id", "shipment")

    def __init__(self, shipment: Shipment, batch: AccessLogBatch | None = None) -> None:
        self.shipment = shipment
        self._source_id = None if batch is None else batch.header.source_id
        self._records = 0 if batch is None else len(batch.records)
        self._rejected = 0 if batch is None else sum(reason.count for reason in batch.header.rejected)

    def count(self, totals: AcknowledgedTotals) -> None:
        if self._source_id is not None:
            totals.add(self._source_id, records=self._records, rejected=self._rejected)
