"""Contract: a CDN that re-batches its lines is billed a line once, where its source says so."""

from __future__ import annotations

import pytest

from local.stack import Stack
from ops.audit import audit, report
from tests.e2e.bill import Bill, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.traffic import Traffic
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)


def test_a_line_that_comes_again_in_another_batch_bills_once(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: the second line bills nothing, be its batch on time, beyond the horizon or alone in its hour's
    correction, whose rows stand there with zeros; the ledger has every batch, and the audit accounts for every line."""
    film = Film(asset_id="repeated-film", environment_id="repeated-env")
    register(stack.assets_dsn, film)
    traffic = Traffic("repeating-source", repeats_lines=True)
    late = first_hour + 60 * HOUR_MS

    first, second = traffic.batch(film, first_hour, plays=6), traffic.batch(film, first_hour, plays=4)
    feed.send(first, second, traffic.lines_again(first, second))
    pipeline.drain(feed, bill, first_hour)
    feed.send(traffic.lines_again(second))
    only_repeated = traffic.lines_again(first, published_at_ms=late)
    with_new_lines = traffic.batch(film, first_hour, plays=1, published_at_ms=late)
    feed.send(only_repeated, with_new_lines, traffic.lines_again(with_new_lines, published_at_ms=late))
    pipeline.drain(feed, bill, late)

    assert bill.rows() == traffic.bill
    assert bill.ledger() == traffic.ledger
    assert sorted(ms for _, _, ms in bill.corrections()) == [0, 0, 0, film.segment_ms[0]]
    found = audit(bill.dsn, moment(first_hour), moment(first_hour))
    assert found.clean, report(found)
