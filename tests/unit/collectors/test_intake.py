"""Deliveries through the one door to Kafka."""

from __future__ import annotations

import asyncio

import pytest

from collectors.batches.blocks import Delivery
from collectors.batches.event_times import EventTimes
from collectors.completeness.minutes import Completeness, Minute
from collectors.intake import Intake
from collectors.kafka.publisher import KafkaUnavailable
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.parsers import generic
from tests.support.fake_kafka import TIMED_OUT, FakeProducer, TurnedClock, publisher

NOW = 1_795_417_200_391
PARSE = generic.parser(
    generic.Options(
        fields=generic.Fields(method="m", status="s", body_bytes="b", path="p", end_time="t"), time_unit="ms"
    )
)
GOOD = b'{"s":200,"b":5,"p":"/a","t":1795417200391}'


class World:
    def __init__(self) -> None:
        self.producer = FakeProducer()
        self.metrics = Metrics()
        self.publisher = publisher(self.producer, TurnedClock(NOW))
        self.completeness = Completeness(TurnedClock(NOW), {"acme": 900})
        self.intake = Intake(
            publisher=self.publisher,
            metrics=self.metrics,
            completeness=self.completeness,
            origin=Origin(build="0123456789ab", boot_id="b007"),
        )

    async def accept(self, *lines: bytes) -> None:
        what = Delivery(source_id="acme", cdn="generic", delivery_id="d1", received_at_ms=NOW, lines=lines)
        async with self.publisher:
            await self.intake.accept(what, PARSE)

    def minutes(self) -> list[Minute]:
        return self.completeness.report().sources[0].minutes

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"source": "acme", **labels})


async def test_every_line_is_a_record_or_a_dead_letter_when_it_returns() -> None:
    world = World()
    await world.accept(*[GOOD] * 1_500, b"bad", b"worse")
    batches = world.producer.batches()
    assert [(made.header.first_line, len(made.records)) for made in batches] == [(0, 1_000), (1_000, 500)]
    assert [(letter.line, letter.payload) for letter in world.producer.dead_letters()] == [
        (1_500, b"bad"),
        (1_501, b"worse"),
    ]
    assert world.sample("collector_deliveries_total", outcome="accepted") == 1
    assert world.sample("collector_lines_total") == 1_502
    assert world.sample("collector_rejected_lines_total", reason="bad-json") == 2
    assert world.sample("collector_newest_event_seconds") == NOW / 1_000
    assert world.sample("collector_event_delay_seconds_count") == 1_500


async def test_a_delivery_is_counted_in_its_minute() -> None:
    world = World()
    await world.accept(GOOD, b"bad", GOOD)
    events = EventTimes()
    events.add(NOW, [NOW, NOW])
    assert world.minutes() == [
        Minute(
            minute_ms=NOW - NOW % 60_000,
            deliveries=1,
            lines=3,
            bytes=2 * len(GOOD) + 3,
            rejected={"bad-json": 1},
            events=events,
        )
    ]


async def test_a_delivery_without_lines_is_nothing() -> None:
    world = World()
    await world.accept()
    assert world.producer.sent == []


async def test_a_delivery_that_kafka_does_not_take_is_neither_accepted_nor_counted() -> None:
    world = World()
    world.producer.error = TIMED_OUT
    with pytest.raises(KafkaUnavailable):
        await world.accept(GOOD)
    assert world.sample("collector_lines_total") is None
    assert world.minutes() == []


async def test_a_delivery_stops_at_its_first_failed_message() -> None:
    world = World()
    world.producer.error = TIMED_OUT
    world.producer.room = 1
    with pytest.raises(KafkaUnavailable):
        await world.accept(*[GOOD] * 100_000)
    assert len(world.producer.sent) < 100


async def test_deliveries_take_turns() -> None:
    world = World()
    order: list[str] = []

    async def accept(name: str, count: int) -> None:
        what = Delivery(source_id="acme", cdn="generic", delivery_id=name, received_at_ms=NOW, lines=[GOOD] * count)
        await world.intake.accept(what, PARSE)
        order.append(name)

    async with world.publisher:
        await asyncio.gather(accept("large", 20_000), accept("small", 10))
    assert order == ["small", "large"]
