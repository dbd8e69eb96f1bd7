"""Contract: a stop with savepoint is a pause."""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.e2e.bill import Bill
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.traffic import Traffic
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

FILM = Film(asset_id="paused-film", environment_id="paused-env")


def test_a_stop_with_savepoint_and_a_start_from_it_give_equal_totals(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: both jobs are stopped with data in an open transaction and hours that are open, closed and late. From
    their savepoints they go on as if nothing had been: equal totals, and no batch is read a second time (which its
    copies in the ledger would show)."""
    register(stack.assets_dsn, FILM)
    traffic = Traffic("paused-source")
    hours = [first_hour + number * HOUR_MS for number in range(3)]

    early = [traffic.batch(FILM, hour) for hour in hours[:2] for _ in range(30)]
    feed.send(*early)
    pipeline.drain(feed, bill, hours[0])
    feed.send(*(traffic.batch(FILM, hour) for hour in hours for _ in range(20)), traffic.again(early[0]))
    pipeline.feed_until_midway(feed, lambda: traffic.batch(FILM, hours[2]))
    savepoints = pipeline.stop_with_savepoints()

    feed.send(*(traffic.batch(FILM, hour) for hour in hours for _ in range(20)), traffic.again(early[1]))
    feed.send(*(traffic.batch(FILM, hours[0], published_at_ms=hours[0] + 60 * HOUR_MS) for _ in range(3)))
    pipeline.start(savepoints)
    pipeline.drain(feed, bill, hours[0] + 60 * HOUR_MS)

    assert bill.rows() == traffic.bill
    assert bill.ledger() == traffic.ledger
