"""Contract: rare events in the life of the jobs change no bill: a restore, a leap of event time, a topic that grows.

The pair of jobs here refreshes a window's rows once an hour of real time, so that only event time writes them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer

from collectors.kafka.partitioner import partition_of
from local.stack import Stack
from ops.audit import audit, report
from schemas.batch import hour_of, kafka_key
from schemas.topics import DAY_MS, ENRICHED
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
    """A pair of jobs, and a timeline that is theirs alone."""

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

    def film(self, name: str) -> Film:
        film = Film(asset_id=f"{name}-film", environment_id=f"{name}-env")
        register(self.stack.assets_dsn, film)
        return film

    def grow(self, partitions: int) -> None:
        """Add partitions as an operator does: to enriched first, then to raw."""
        for topic in (f"{NAME}.{ENRICHED}", self.pair.raw):
            topics.add_partitions(self.stack.kafka_bootstrap, topic, partitions)
        self.feed.spread_over(partitions)

    def produce_raw_again(self) -> None:
        """Every message of raw once more, as it was."""
        raw, kafka = self.pair.raw, self.stack.kafka_bootstrap
        producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})
        begins = dict.fromkeys(topics.ends(kafka, raw), 0)
        for partition, messages in topics.read(kafka, raw, begins).items():
            for message in messages:
                _, at = message.timestamp()
                producer.produce(raw, message.value(), message.key(), partition, timestamp=at)
        assert producer.flush(60) == 0


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
        first_hour = hour_of(time.time_ns() // 1_000_000 - 20 * DAY_MS)
        yield World(stack=stack, pair=pair, commits=commits, feed=feed, first_hour=first_hour)
        pair.pipeline.cancel()


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
    assert world.bill(first_hour, 1).query("SELECT sum(deliveries) FROM media_usage") == [(35,)]
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
    assert {state for (state,) in bill.query("SELECT state FROM billable_usage")} == {"settled"}

    pipeline.drain(feed, bill, first_hour + 130 * HOUR_MS)
    ledger = bill.ledger()
    world.produce_raw_again()
    pipeline.drain(feed, bill, first_hour + 139 * HOUR_MS)
    assert bill.rows() == expected
    assert bill.ledger() == ledger == sorted([*traffic.ledger, *repeating.ledger])
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert found.clean, report(found)


def test_a_transaction_that_the_broker_gives_up_is_named_by_the_audit_and_healed(world: World) -> None:
    """Contract: the broker gives a transaction up between checkpoint and commit, as it does when it expires. The job
    goes on without a restart, and its batches are gone. The audit names their source; reprocess bills them; then the
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
    pipeline.drain(feed, bill, first_hour + SETTLED_HOURS * HOUR_MS)
    assert bill.rows() == kept
    assert pipeline.restores() == before
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert "expired-source: 1 batches, 63 records lost of collector boot-1" in report(found)

    pipeline.cancel()  # reprocess needs a TaskManager
    environ = {**pipeline.environ, "BILLING_DSN": bill.dsn}
    hours = [commands.hour(hour) for hour in (first_hour, first_hour + HOUR_MS)]
    healed = commands.run(world.stack, "ops.reprocess", *hours, "--yes", environ=environ)
    assert (healed.status, healed.errors) == (0, "")
    assert bill.rows() == traffic.bill
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + HOUR_MS))
    assert found.clean, report(found)
