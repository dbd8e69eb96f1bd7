"""What is promised, and when, against a producer without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from confluent_kafka import KafkaError, KafkaException

from collectors.kafka.publisher import KafkaRefused, KafkaUnavailable, Publisher
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter, SourceTotals
from tests.support.batches import batch, delivery
from tests.support.fake_kafka import TIMED_OUT, FakeProducer, Sent, TurnedClock, publisher

HOUR = 1_795_417_200_000
DAY_MS = 86_400_000


def records(count: int = 2, **fields: object) -> AccessLogBatch:
    return batch([delivery("/a", offset_ms=number) for number in range(count)], hour_ms=HOUR, **fields)  # type: ignore[arg-type]  # of batch()


class World:
    """A publisher and what surrounds it."""

    def __init__(self) -> None:
        self.producer = FakeProducer()
        self.clock = TurnedClock(HOUR + 5_000)
        self.totals = AcknowledgedTotals()
        self.metrics = Metrics()
        self.publisher: Publisher = publisher(self.producer, self.clock, totals=self.totals, metrics=self.metrics)

    def failures(self, error: str) -> float | None:
        return self.metrics.registry.get_sample_value("collector_kafka_failures_total", {"error": error})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World()
        await stack.enter_async_context(made.publisher)
        yield made


async def test_a_batch_is_sent_with_the_contracts_key_and_time(world: World) -> None:
    shipment = world.publisher.shipment()
    on_time = records(delivery_id="d1")
    await shipment.send_batch(on_time)
    await shipment.acknowledged()
    assert world.producer.sent == [
        Sent(
            topic="cdn-logs.raw",
            value=on_time.SerializeToString(),
            key=on_time.header.batch_id.encode(),
            timestamp=HOUR + 1,
        )
    ]
    assert (on_time.header.published_at_ms, on_time.header.late) == (HOUR + 5_000, False)


async def test_a_late_batch_is_marked_and_dated_when_it_is_published(world: World) -> None:
    world.clock.ms = HOUR + 3 * DAY_MS
    shipment = world.publisher.shipment()
    await shipment.send_batch(records())
    await shipment.acknowledged()
    (sent,) = world.producer.sent
    assert (sent.timestamp, world.producer.batches()[0].header.late) == (HOUR + 3 * DAY_MS, True)


async def test_a_dead_letter_has_its_line_as_key(world: World) -> None:
    letter = DeadLetter(stage="collector", delivery_id="d1", line=7, payload=b"x")
    shipment = world.publisher.shipment()
    await shipment.send_dead_letter(letter)
    await shipment.acknowledged()
    assert world.producer.sent == [Sent(topic="cdn-logs.dead-letter", value=letter.SerializeToString(), key=b"d1:7")]


async def test_a_shipment_waits_for_its_last_message_and_no_other(world: World) -> None:
    world.producer.answering = False
    shipment, other = world.publisher.shipment(), world.publisher.shipment()
    await shipment.send_batch(records())
    await shipment.send_dead_letter(DeadLetter())
    await other.acknowledged()
    waiting = asyncio.create_task(shipment.acknowledged())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    world.producer.answering = True
    await waiting


async def test_one_failed_message_fails_the_shipment_once_all_are_answered(world: World) -> None:
    world.producer.answering = False
    shipment = world.publisher.shipment()
    await shipment.send_batch(records())
    await shipment.send_batch(records(first_line=1_000))
    world.producer.error = TIMED_OUT
    world.producer.answering = True
    with pytest.raises(KafkaUnavailable, match="_MSG_TIMED_OUT"):
        await shipment.acknowledged()
    assert world.failures("_MSG_TIMED_OUT") == 2


async def test_only_acknowledged_batches_count_in_the_totals(world: World) -> None:
    shipment = world.publisher.shipment()
    await shipment.send_batch(records(3, rejected={"bad-json": 2, "future": 1}))
    await shipment.send_dead_letter(DeadLetter())
    await shipment.acknowledged()
    world.producer.error = TIMED_OUT
    await shipment.send_batch(records())
    with pytest.raises(KafkaUnavailable):
        await shipment.acknowledged()
    assert world.totals.snapshot() == [SourceTotals(source_id="fastly-main", batches=1, records=3, rejected=3)]


async def test_a_full_queue_is_waited_for_and_the_batch_stamped_when_it_gets_in(world: World) -> None:
    world.producer.answering = False
    world.producer.room = 1
    shipment = world.publisher.shipment()
    await shipment.send_batch(records(delivery_id="d1"))
    second = asyncio.create_task(shipment.send_batch(records(delivery_id="d2")))
    await asyncio.sleep(0.02)
    assert not second.done()
    world.clock.ms += 1_000
    world.producer.answering = True
    await second
    await shipment.acknowledged()
    assert [sent.header.published_at_ms for sent in world.producer.batches()] == [HOUR + 5_000, HOUR + 6_000]


async def test_a_queue_that_stays_full_ends_in_unavailable(world: World) -> None:
    world.producer.answering = False
    world.producer.room = 0
    with pytest.raises(KafkaUnavailable, match="queue stays full"):
        await world.publisher.shipment().send_batch(records())


@pytest.mark.parametrize("turns", range(4))
async def test_who_waits_for_room_can_be_cancelled_even_as_there_is_some(world: World, turns: int) -> None:
    """Else a line that waits at shutdown would be tried for ever, and the collector never end."""
    world.producer.answering = False
    world.producer.room = 0
    waiting = asyncio.create_task(world.publisher.shipment().send_batch(records()))
    await asyncio.sleep(0.02)
    world.publisher._drain_reports()
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TIMED_OUT, KafkaUnavailable),
        (KafkaError(KafkaError._TRANSPORT), KafkaUnavailable),
        (KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), KafkaRefused),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), KafkaRefused),
        (KafkaError(KafkaError.INVALID_TIMESTAMP), KafkaRefused),
    ],
    ids=lambda value: value.name() if isinstance(value, KafkaError) else "",
)
@pytest.mark.parametrize("when", ["queued", "answered"])
async def test_no_answer_is_told_from_a_refusal(
    world: World, error: KafkaError, kind: type[Exception], when: str
) -> None:
    world.producer.refusal = KafkaException(error) if when == "queued" else None
    world.producer.error = error
    shipment = world.publisher.shipment()
    with pytest.raises(KafkaUnavailable, match=error.name()) as caught:  # noqa: PT012  # either may be the one
        await shipment.send_batch(records())
        await shipment.acknowledged()
    assert type(caught.value) is kind


async def test_a_flush_waits_for_every_answer(world: World) -> None:
    shipment = world.publisher.shipment()
    await shipment.send_batch(records())
    await world.publisher.flush()
    assert world.producer.flushed == [0.2]


async def test_a_producer_that_refuses_makes_kafka_unavailable(world: World) -> None:
    world.producer.refusal = KafkaException(KafkaError(KafkaError._FATAL))
    with pytest.raises(KafkaUnavailable):
        await world.publisher.shipment().send_batch(records())


async def test_nothing_queued_after_a_heartbeat_is_older_than_it(world: World) -> None:
    shipment = world.publisher.shipment()
    beat = AccessLogBatch()
    beat.header.kind = 2  # type: ignore[assignment]  # BATCH_KIND_HEARTBEAT
    beat.header.heartbeat.key = "heartbeat-4"
    for world.clock.ms in (HOUR + 6_000, HOUR + 7_000):
        assert world.publisher.queue_heartbeat(beat, shipment)
        assert world.publisher.queue_batch(records(), shipment)
    await shipment.acknowledged()
    published = [sent.header.published_at_ms for sent in world.producer.batches()]
    assert published == sorted(published)
    assert [(sent.key, sent.timestamp) for sent in world.producer.sent][::2] == [
        (b"heartbeat-4", HOUR + 6_000),
        (b"heartbeat-4", HOUR + 7_000),
    ]


async def test_partitions_come_from_the_broker(world: World) -> None:
    assert await world.publisher.raw_partitions() == 4
    world.producer.metadata_error = KafkaError(KafkaError._TRANSPORT)
    with pytest.raises(KafkaUnavailable):
        await world.publisher.raw_partitions()


async def test_the_brokers_clock_is_read_from_an_answer(world: World) -> None:
    world.producer.broker_time_ms = 1234
    assert await world.publisher.broker_time_ms() == 1234
    assert [sent.topic for sent in world.producer.sent] == ["cdn-logs.clock"]
    world.producer.error = TIMED_OUT
    with pytest.raises(KafkaUnavailable):
        await world.publisher.broker_time_ms()
    world.producer.room = 0
    with pytest.raises(KafkaUnavailable):
        await world.publisher.broker_time_ms()


async def test_a_fatal_error_is_told_and_others_are_not(world: World) -> None:
    on_error = world.producer.config["error_cb"]
    on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    await asyncio.sleep(0)
    assert not world.publisher.fatal.done()
    on_error(KafkaError(KafkaError._FATAL, "fenced", fatal=True))
    on_error(KafkaError(KafkaError._FATAL, "fenced again", fatal=True))
    assert await world.publisher.fatal == "fenced"
