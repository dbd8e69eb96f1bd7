"""Contract: what is billed follows from the data alone, not from the order or the speed at which it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka import Producer

from local.stack import Stack
from schemas.topics import RAW
from tests.e2e import topics
from tests.e2e.bill import Bill
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.second_pair import SecondPair, second_pair
from tests.e2e.traffic import Traffic
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

FILM = Film(asset_id="replayed-film", environment_id="replayed-env")
SHORT = Film(asset_id="replayed-short", environment_id="replayed-other-env", segment_ms=(6_006, 1_001))


@pytest.fixture
def replay(stack: Stack) -> Iterator[SecondPair]:
    """A second pair of jobs, not started, with topics and a billing database of its own, all empty."""
    second = second_pair(stack, "replay")
    yield second
    second.pipeline.cancel()


def copy_partitions(stack: Stack, begins: dict[int, int], target: str) -> None:
    """Copy raw from these offsets on, one partition after the other, the last one first."""
    producer = Producer({"bootstrap.servers": stack.kafka_bootstrap, "enable.idempotence": True})
    for number, messages in sorted(topics.read(stack.kafka_bootstrap, RAW, begins).items(), reverse=True):
        for message in messages:
            producer.produce(
                target,
                message.value(),
                key=message.key(),
                partition=number,
                timestamp=message.timestamp()[1],
            )
        assert producer.flush(60) == 0


def test_raw_replayed_in_another_order_and_at_full_speed_gives_an_equal_bill(
    stack: Stack, pipeline: Pipeline, replay: SecondPair, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: hours that first closed one by one, with late firings, copies and corrections between them, come to
    the same rows of billable_usage (environment, asset, tier, hour, ms, deliveries, bytes) and to the same ledger
    when a second pair of jobs meets the same raw messages as one backlog, its partitions written one by one."""
    register(stack.assets_dsn, FILM, SHORT)
    traffic = Traffic("replayed-source")
    hours = [first_hour + number * HOUR_MS for number in range(3)]
    begins = topics.ends(stack.kafka_bootstrap, RAW)

    early = [traffic.batch(film, hour) for hour in hours[:2] for film in (FILM, SHORT) for _ in range(15)]
    feed.send(*early)
    pipeline.drain(feed, bill, hours[0])
    feed.send(*(traffic.batch(SHORT, hour) for hour in hours for _ in range(15)), *map(traffic.again, early[::7]))
    feed.send(*(traffic.batch(FILM, hours[1], published_at_ms=hours[1] + 60 * HOUR_MS) for _ in range(3)))
    pipeline.drain(feed, bill, hours[1] + 60 * HOUR_MS)
    assert (bill.rows(), bill.ledger()) == (traffic.bill, traffic.ledger)

    copy_partitions(stack, begins, replay.raw)
    replay.pipeline.start()
    replayed = replace(bill, dsn=replay.billing_dsn)
    second_feed = Feed(stack.kafka_bootstrap, stack.settings.partitions, replay.raw)
    replay.pipeline.drain(second_feed, replayed, hours[1] + 60 * HOUR_MS)

    assert replayed.rows() == bill.rows()
    assert replayed.ledger() == bill.ledger()
