"""Heartbeats: one for each partition, with the claim of the collector."""

from __future__ import annotations

import asyncio

import pytest
from confluent_kafka import KafkaError

from collectors.kafka.heartbeat import Heart, heartbeat_batches
from collectors.kafka.partitioner import partition_of
from collectors.kafka.totals import AcknowledgedTotals
from collectors.metrics import Metrics
from collectors.origin import Origin
from schemas.batch import parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader, BatchKind, Heartbeat, SourceTotals
from tests.support.fake_kafka import TIMED_OUT, FakeProducer, TurnedClock, publisher

ORIGIN = Origin(build="0123456789ab", boot_id="b007")
NOW = 1_795_417_200_000


def test_a_heartbeat_says_who_and_how_much() -> None:
    totals = [SourceTotals(source_id="acme", batches=1, records=2, rejected=3)]
    (beat,) = heartbeat_batches(1, origin=ORIGIN, totals=totals)
    assert beat == AccessLogBatch(
        header=BatchHeader(
            kind=BatchKind.BATCH_KIND_HEARTBEAT,
            id_version=1,
            collector_build="0123456789ab",
            collector_boot="b007",
            heartbeat=Heartbeat(boot_id="b007", key="heartbeat-0", totals=totals),
        )
    )
    parse_batch(beat.SerializeToString())


@pytest.mark.parametrize("partitions", [1, 4, 7])
def test_there_is_one_for_each_partition(partitions: int) -> None:
    keys = [beat.header.heartbeat.key for beat in heartbeat_batches(partitions, origin=ORIGIN, totals=[])]
    assert [partition_of(key.encode(), partitions) for key in keys] == list(range(partitions))


class World:
    def __init__(self, interval_s: float = 60.0) -> None:
        self.producer = FakeProducer()
        self.clock = TurnedClock(NOW)
        self.totals = AcknowledgedTotals()
        self.metrics = Metrics()
        self.publisher = publisher(self.producer, self.clock, totals=self.totals)
        self.heart = Heart(
            publisher=self.publisher, totals=self.totals, metrics=self.metrics, origin=ORIGIN, interval_s=interval_s
        )

    def rounds(self, outcome: str) -> float:
        return self.metrics.registry.get_sample_value("collector_heartbeat_rounds_total", {"outcome": outcome}) or 0


async def test_a_round_carries_the_clock_and_the_totals_of_now() -> None:
    world = World()
    async with world.publisher:
        world.totals.add("acme", records=5, rejected=1)
        await world.heart.beat()
    beats = world.producer.batches()
    assert [sent.timestamp for sent in world.producer.sent] == [NOW] * 4
    assert [list(beat.header.heartbeat.totals) for beat in beats] == [
        [SourceTotals(source_id="acme", batches=1, records=5, rejected=1)]
    ] * 4
    assert {beat.header.published_at_ms for beat in beats} == {NOW}
    assert world.totals.snapshot()[0].batches == 1, "heartbeats do not count themselves"


async def test_partitions_that_are_added_get_heartbeats_from_the_next_round_on() -> None:
    world = World()
    async with world.publisher:
        await world.heart.beat()
        world.producer.partitions = 6
        await world.heart.beat()
    assert len(world.producer.sent) == 4 + 6


@pytest.mark.parametrize("fault", ["no broker", "no answer", "queue full"])
async def test_a_round_that_kafka_does_not_take_is_counted_and_the_next_one_tried(fault: str) -> None:
    world = World()
    async with world.publisher:
        world.producer.metadata_error = KafkaError(KafkaError._TRANSPORT) if fault == "no broker" else None
        world.producer.error = TIMED_OUT if fault == "no answer" else None
        world.producer.room = 2 if fault == "queue full" else 100
        world.producer.answering = fault != "queue full"
        await world.heart.beat()
        assert (world.rounds("failed"), world.rounds("acknowledged")) == (1, 0)
        world.producer.metadata_error, world.producer.error, world.producer.room = None, None, 100
        world.producer.answering = True
        await world.heart.beat()
    assert (world.rounds("failed"), world.rounds("acknowledged")) == (1, 1)


async def test_rounds_follow_one_another_until_cancelled() -> None:
    world = World(interval_s=0.01)
    async with world.publisher:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.heart.beat_forever(), timeout=0.3)
    assert world.rounds("acknowledged") >= 3
