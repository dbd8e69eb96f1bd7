"""Contract: a billing database that is lost comes back from an older dump and the enriched topic, to the last row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from local import postgres
from local.stack import Stack
from tests.e2e.bill import of_hours
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import MEDIA_USAGE
from tests.e2e.second_pair import SecondPair, second_pair
from tests.e2e.traffic import Traffic
from tests.support.batches import HOUR_MS

pytestmark = [pytest.mark.timeout(900), pytest.mark.release]

NAME = "restore"
FILM = Film(asset_id="restored-film", environment_id="restored-env")


@pytest.fixture
def pair(stack: Stack) -> Iterator[SecondPair]:
    """A second pair of jobs, not started, whose billing database may be lost."""
    second = second_pair(stack, NAME)
    yield second
    second.pipeline.cancel()


def copy_database(stack: Stack, source: str, target: str) -> None:
    """Make `target` what `source` is now, whatever it was; nobody may be connected to either."""
    with closing(psycopg2.connect(postgres.dsn(stack.settings, "postgres"))) as connection:
        connection.autocommit = True  # CREATE DATABASE allows no transaction around it
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}"')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def test_a_usage_job_from_before_the_dump_or_without_state_fills_what_the_dump_lacks(
    stack: Stack, pair: SecondPair, first_hour: int
) -> None:
    """Contract: the dump has an hour that grew later, lacks one, and lacks its corrections. Restored, and with the
    usage job started from an older savepoint or without state, it bills what it billed before the loss: no row more,
    none less, none twice."""
    register(stack.assets_dsn, FILM)
    traffic, hours = Traffic("restored-source"), [first_hour, first_hour + HOUR_MS]
    bill = of_hours(pair.billing_dsn, first_hour, 2)
    feed = Feed(stack.kafka_bootstrap, stack.settings.partitions, pair.raw)
    pair.pipeline.start()

    early = [traffic.batch(FILM, hours[0]) for _ in range(15)]
    feed.send(*early)
    pair.pipeline.drain(feed, bill, hours[0])
    savepoint = pair.pipeline.pause(MEDIA_USAGE)
    copy_database(stack, NAME, f"{NAME}-dump")
    pair.pipeline.resume(MEDIA_USAGE, savepoint)
    feed.send(*(traffic.batch(FILM, hour) for hour in hours for _ in range(15)), *map(traffic.again, early[::7]))
    feed.send(*(traffic.batch(FILM, hours[0], published_at_ms=hours[0] + 60 * HOUR_MS) for _ in range(3)))
    pair.pipeline.drain(feed, bill, hours[0] + 60 * HOUR_MS)
    assert (bill.rows(), bill.ledger()) == (traffic.bill, traffic.ledger)

    for begin in (savepoint, None):
        stack.cancel(pair.pipeline.jobs[MEDIA_USAGE])
        copy_database(stack, f"{NAME}-dump", NAME)
        assert bill.rows() != traffic.bill
        pair.pipeline.resume(MEDIA_USAGE, begin)
        pair.pipeline.drain(feed, bill, hours[0] + 60 * HOUR_MS)
        assert (bill.rows(), bill.ledger()) == (traffic.bill, traffic.ledger)
