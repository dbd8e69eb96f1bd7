"""Contract: 48 h after the end of its hour a batch becomes a correction, by its own header and by nothing else."""

from __future__ import annotations

import pytest

from local.stack import Stack
from schemas.batch import BILLING_HORIZON_MS
from tests.e2e.bill import Bill, LedgerRow
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.traffic import Traffic, copy_published
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

ONE_PLAY_MS = 4_004


def test_a_batch_beyond_the_horizon_is_billed_as_a_correction(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: what is published at the horizon still goes into its hour, long closed; a millisecond later it is a
    correction. Both are billed."""
    film = Film(asset_id="late-film", environment_id="late-env")
    register(stack.assets_dsn, film)
    traffic = Traffic("late-source")
    horizon = first_hour + HOUR_MS + BILLING_HORIZON_MS

    feed.send(traffic.batch(film, first_hour, plays=10))
    pipeline.drain(feed, bill, first_hour + 40 * HOUR_MS)
    just_in_time = traffic.batch(film, first_hour, plays=10, published_at_ms=horizon)
    too_late = traffic.batch(film, first_hour, plays=1, published_at_ms=horizon + 1)
    feed.send(just_in_time, too_late)
    pipeline.drain(feed, bill, horizon)

    assert bill.corrections() == [(too_late.header.batch_id, film.asset_id, ONE_PLAY_MS)]
    assert bill.rows() == traffic.bill
    assert bill.ledger() == traffic.ledger


def test_a_late_copy_of_an_on_time_batch_is_not_counted(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: a retry that comes beyond the horizon bills nothing, whether deduplication still knows the batch
    (then the copy is dropped) or has forgotten it (then its correction stands aside for the hour's own row)."""
    film = Film(asset_id="copied-late-film", environment_id="copied-late-env")
    register(stack.assets_dsn, film)
    traffic = Traffic("copied-late-source")
    remembered, forgotten = (traffic.batch(film, first_hour, plays=1) for _ in range(2))

    feed.send(remembered, forgotten)
    pipeline.drain(feed, bill, first_hour)
    feed.send(copy_published(remembered, first_hour + 50 * HOUR_MS))
    # Deduplication remembers 73 h after the end of the hour.
    pipeline.drain(feed, bill, first_hour + 74 * HOUR_MS)
    feed.send(copy_published(forgotten, first_hour + 80 * HOUR_MS))
    pipeline.drain(feed, bill, first_hour + 80 * HOUR_MS)

    assert bill.rows() == traffic.bill
    assert bill.corrections() == [(forgotten.header.batch_id, film.asset_id, ONE_PLAY_MS)]
    assert bill.ledger() == sorted(
        [
            LedgerRow(remembered.header.batch_id, "window", 1),
            LedgerRow(forgotten.header.batch_id, "window", 0),
            LedgerRow(forgotten.header.batch_id, "late", 0),
        ]
    )
