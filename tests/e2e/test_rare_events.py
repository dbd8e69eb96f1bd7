"""Contract: rare events in the life of the jobs change no bill: a replay, a restore, a leap of event time, a loss.

All of it happens to a second pair of jobs. It refreshes a window's rows once an hour of real time, so that only event
time writes them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from confluent_kafka import Producer

from collectors.kafka.partitioner import partition_of
from local.stack import Stack
from ops.audit import audit, report
from schemas.batch import hour_of, kafka_key
from schemas.topics import DAY_MS, ENRICHED, RAW
from tests.e2e import commands, topics
from tests.e2e.bill import Bill, moment, of_hours
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.held_commits import HeldCommits, held_commits
from tests.e2e.pipeline import Pipeline
from tests.e2e.second_pair import SecondPair, second_pair
from tests.e2e.traffic import Traffic, copy_published, sum_of
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

NAME = "rare"
PLENTY = 6
SETTLED_HOURS = 73


@dataclass(frozen=True, kw_only=True)
class World:
    """A second pair of jobs, and days of their timeline that no other test has."""

    stack: Stack
    pair: SecondPair
    commits: HeldCommits
    feed: Feed
    first_hour: int

    @property
    def pipeline(self) -> Pipeline:
        return self.pair.pipeline

    def bill(self, first_hour: int, hours: int) -> Bill:
        return of_hours(self.pair.billing_dsn, first_hour, hours)

    def film(self, name: str, segment_ms: tuple[int, ...] = Film.segment_ms) -> Film:
        film = Film(asset_id=f"{name}-film", environment_id=f"{name}-env", segment_ms=segment_ms)
        register(self.stack.assets_dsn, film)
        return film

    def grow(self, partitions: int) -> None:
        """Add partitions as an operator does: to enriched first, then to raw."""
        for topic in (f"{NAME}.{ENRICHED}", self.pair.raw):
            topics.add_partitions(self.stack.kafka_bootstrap, topic, partitions)
        self.feed.spread_over(partitions)

    def copy(self, topic: str, begins: Mapping[int, int], *, heartbeats: bool = True) -> None:
        """Put the messages of a raw topic, as they are, into that of the pair: the last partition first."""
        kafka = self.stack.kafka_bootstrap
        producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})
        for partition, messages in sorted(topics.read(kafka, topic, begins).items(), reverse=True):
            for message in messages:
                if not heartbeats and message.key().startswith(b"heartbeat-"):
                    continue
                _, at = message.timestamp()
                producer.produce(self.pair.raw, message.value(), message.key(), partition, timestamp=at)
            assert producer.flush(60) == 0

    def produce_raw_again(self) -> None:
        self.copy(self.pair.raw, dict.fromkeys(topics.ends(self.stack.kafka_bootstrap, self.pair.raw), 0))


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with held_commits(stack.settings.ports) as commits:
        environ = {
            "ENRICHMENT_KAFKA_BOOTSTRAP_SERVERS": commits.bootstrap_servers,
            "ENRICHMENT_PARTITION_DISCOVERY_S": "1",
            "MEDIA_USAGE_PARTITION_DISCOVERY_S": "1",
            "MEDIA_USAGE_REFRESH_INTERVAL_S": "3600",
        }
        pair = second_pair(stack, NAME, environ)
        pair.pipeline.start()
        feed = Feed(stack.kafka_bootstrap, stack.settings.partitions, pair.raw)
        first_hour = hour_of(time.time_ns() // 1_000_000 - 15 * DAY_MS)
        yield World(stack=stack, pair=pair, commits=commits, feed=feed, first_hour=first_hour)
        pair.pipeline.cancel()


def test_raw_replayed_in_another_order_and_at_full_speed_gives_an_equal_bill(
    world: World, stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: hours that first closed one by one, with late firings, copies and corrections between them, come to
    the same rows of billable_usage (environment, asset, tier, hour, ms, deliveries, bytes) and to the same ledger
    when a second pair of jobs meets the same raw messages at once, its partitions one by one."""
    film, short = world.film("replayed"), world.film("replayed-short", segment_ms=(6_006, 1_001))
    traffic = Traffic("replayed-source")
    hours = [first_hour + number * HOUR_MS for number in range(3)]
    begins = topics.ends(stack.kafka_bootstrap, RAW)

    early = [traffic.batch(each, hour) for hour in hours[:2] for each in (film, short) for _ in range(15)]
    feed.send(*early)
    pipeline.drain(feed, bill, hours[0])
    feed.send(*(traffic.batch(short, hour) for hour in hours for _ in range(15)), *map(traffic.again, early[::7]))
    feed.send(*(traffic.batch(film, hours[1], published_at_ms=hours[1] + 60 * HOUR_MS) for _ in range(3)))
    pipeline.drain(feed, bill, hours[1] + 60 * HOUR_MS)
    assert (bill.rows(), bill.ledger()) == (traffic.bill, traffic.ledger)

    # Heartbeats tell of all that this collector has acknowledged, for other tests too: the audit would miss it.
    world.copy(RAW, begins, heartbeats=False)
    replayed = replace(bill, dsn=world.pair.billing_dsn)
    world.pipeline.drain(world.feed, replayed, hours[-1] + SETTLED_HOURS * HOUR_MS)

    assert replayed.rows() == bill.rows()
    assert replayed.ledger() == bill.ledger()


def test_a_restore_a_leap_more_partitions_and_raw_once_more_change_no_bill(world: World) -> None:
    """Contract: a window is written when the watermark passes its hour. A later batch waits for a refresh when both
    jobs are killed; the partitions of both topics grow; the watermark leaps three days, over every timer; at last all
    of raw is produced again as it was, when deduplication has forgotten all of it. Every batch is billed once,
    the one whose late copy came before its on-time copy included."""
    film, traffic, first_hour = world.film("rare"), Traffic("rare-source"), world.first_hour
    repeating = Traffic("rare-repeating-source", repeats_lines=True)
    pipeline, feed, bill = world.pipeline, world.feed, world.bill(first_hour, 140)
    early = [traffic.batch(film, first_hour, plays=10) for _ in range(3)]
    lines = repeating.batch(film, first_hour, plays=5)
    feed.send(*early, lines)
    pipeline.drain(feed, bill, first_hour)
    on_time = bill.rows()
    assert sum(row.deliveries for row in on_time) == 35

    late = traffic.batch(film, first_hour, plays=1, published_at_ms=first_hour + 50 * HOUR_MS)
    feed.send(late, traffic.again(copy_published(late, first_hour + 2 * HOUR_MS)))
    feed.send(repeating.lines_again(lines, published_at_ms=first_hour + 50 * HOUR_MS))
    feed.send(traffic.batch(film, first_hour, plays=10, published_at_ms=first_hour + 25 * HOUR_MS))
    pipeline.wait_read(world.pair.raw)
    assert bill.query("SELECT sum(deliveries) FROM media_usage WHERE hour = %s", moment(first_hour)) == [(35,)]
    before = pipeline.restores()
    for index in pipeline.taskmanagers():
        world.stack.kill_taskmanager(index)

    world.grow(PLENTY)
    more = [traffic.batch(film, first_hour + HOUR_MS, plays=2) for _ in range(40)]
    feed.send(*more, *map(traffic.again, early))
    assert {partition_of(kafka_key(batch.header), PLENTY) for batch in more} == set(range(PLENTY))
    pipeline.wait_restored(before)
    pipeline.drain(feed, bill, first_hour + 80 * HOUR_MS)
    expected = sum_of(traffic.bill, repeating.bill)
    assert bill.rows() == expected
    states = bill.query("SELECT DISTINCT state FROM billable_usage WHERE hour >= %s", moment(first_hour))
    assert states == [("settled",)]

    pipeline.drain(feed, bill, first_hour + 130 * HOUR_MS)
    ledger = bill.ledger()
    world.produce_raw_again()
    pipeline.drain(feed, bill, first_hour + 139 * HOUR_MS)
    assert bill.rows() == expected
    assert bill.ledger() == ledger == sorted([*traffic.ledger, *repeating.ledger])
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert found.clean, report(found)


def test_a_lost_transaction_and_a_refused_batch_are_named_by_the_audit_and_healed(world: World) -> None:
    """Contract: the broker gives a transaction up between checkpoint and commit, as it does when it expires. The job
    goes on without a restart, and its batches are gone. A batch that is on time by its header comes when its window is
    gone, and is refused. The audit names the source of one and the hour of the other; reprocess bills both; then the
    audit is clean."""
    film, traffic = world.film("expired"), Traffic("expired-source")
    pipeline, feed, first_hour = world.pipeline, world.feed, world.first_hour + 150 * HOUR_MS
    bill = world.bill(first_hour, 2)
    feed.send(traffic.batch(film, first_hour), traffic.batch(film, first_hour + HOUR_MS))
    pipeline.drain(feed, bill, first_hour + HOUR_MS)
    before = pipeline.restores()
    kept = bill.rows()

    with world.commits.given_up(f"{NAME}.enriched."):
        feed.send(traffic.batch(film, first_hour))
    pipeline.drain(feed, bill, first_hour + (SETTLED_HOURS + 1) * HOUR_MS)
    feed.send(traffic.batch(film, first_hour + HOUR_MS))
    pipeline.drain(feed, bill, first_hour + (SETTLED_HOURS + 2) * HOUR_MS)
    assert bill.rows() == kept
    assert pipeline.restores() == before
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert [line.partition(" (")[0] for result in found.results for line in result.differences] == [
        (
            f"{commands.hour(first_hour + HOUR_MS)} expired-env: billed 228224 ms, 60 deliveries, 60000 bytes,"
            " batches say 456448 ms, 120 deliveries, 120000 bytes"
        ),
        "expired-source: 1 batches, 63 records lost of collector boot-1",
    ]

    pipeline.cancel()  # reprocess needs a TaskManager
    environ = {**pipeline.environ, "BILLING_DSN": bill.dsn}
    hours = [commands.hour(hour) for hour in (first_hour, first_hour + HOUR_MS)]
    healed = commands.run(world.stack, "ops.reprocess", *hours, "--yes", environ=environ)
    assert (healed.status, healed.errors) == (0, "")
    assert bill.rows() == traffic.bill
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert found.clean, report(found)
