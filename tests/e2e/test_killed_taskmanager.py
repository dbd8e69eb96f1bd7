"""Contract: a TaskManager that dies takes nothing with it and bills nothing twice."""

from __future__ import annotations

import pytest

from local.stack import Stack
from ops.audit import audit, report
from ops.hours import Hours
from tests.e2e.bill import Bill, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.traffic import Traffic, sum_of
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

FILM = Film(asset_id="killed-film", environment_id="killed-env")
SHORT = Film(asset_id="killed-short", environment_id="killed-other-env", segment_ms=(6_006, 1_001))


def test_sigkill_in_the_middle_gives_the_totals_of_an_undisturbed_run(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: the TaskManagers of both jobs are killed with data in every state that it can be in (billed,
    checkpointed, in an open transaction, not yet read). Every batch is billed once, those that came late, or came
    twice over the failure, included; the ledger has each once with its copies; the audit finds nothing. Lines that a
    CDN sends again in another batch, before the failure, after it and beyond the horizon, are billed once too."""
    register(stack.assets_dsn, FILM, SHORT)
    traffic, repeating = Traffic("killed-source"), Traffic("killed-repeating-source", repeats_lines=True)
    hours = [first_hour + number * HOUR_MS for number in range(3)]

    early = [traffic.batch(film, hour) for hour in hours[:2] for film in (FILM, SHORT) for _ in range(20)]
    identified = [repeating.batch(FILM, hour) for hour in hours[:2] for _ in range(5)]
    feed.send(*early, *identified, repeating.lines_again(*identified[:3]))
    pipeline.drain(feed, bill, hours[0])

    before, working = pipeline.restores(), pipeline.taskmanagers()
    feed.send(*(traffic.batch(FILM, hour) for hour in hours for _ in range(20)), traffic.again(early[0]))
    pipeline.feed_until_midway(feed, lambda: traffic.batch(FILM, hours[2]))
    for index in working:
        stack.kill_taskmanager(index)
    feed.send(*(traffic.batch(SHORT, hour) for hour in hours for _ in range(20)), traffic.again(early[-1]))
    feed.send(*(traffic.batch(FILM, hours[0], published_at_ms=hours[0] + 60 * HOUR_MS) for _ in range(3)))
    feed.send(
        repeating.lines_again(*identified[1:5]),
        repeating.batch(FILM, hours[0]),
        repeating.lines_again(identified[0], published_at_ms=hours[0] + 60 * HOUR_MS),
    )
    pipeline.wait_restored(before)
    pipeline.drain(feed, bill, hours[0] + 60 * HOUR_MS)

    assert bill.rows() == sum_of(traffic.bill, repeating.bill)
    assert bill.ledger() == sorted([*traffic.ledger, *repeating.ledger])
    found = audit(bill.dsn, moment(hours[0]), moment(hours[-1]))
    assert found.compared == Hours(moment(hours[0]), moment(hours[-1]))
    assert found.clean, report(found)
