"""Contract: a release goes on from the savepoints of the one before it.

`make golden-savepoints` makes new ones with this tree, when it is released; until then those of the last release count.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.build import BUILD_ID
from local.stack import Stack
from schemas.topics import ENRICHED, RAW
from tests.e2e import golden, topics
from tests.e2e.bill import Bill, LedgerRow, of_hours
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.golden import Facts
from tests.e2e.second_pair import SecondPair, second_pair
from tests.e2e.traffic import Traffic, sum_of
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

FILM = Film(asset_id="golden-film", environment_id="golden-env")
#: 2026-09-01T00 UTC: fixed, because state is full of it.
HOUR: int = 1_788_220_800_000
HOURS = (HOUR, HOUR + HOUR_MS)
LATE_MS = HOUR + 60 * HOUR_MS


@pytest.fixture
def pair(stack: Stack) -> Iterator[SecondPair]:
    """Two jobs that are not started, on topics and a billing database of their own, all empty."""
    register(stack.assets_dsn, FILM)
    second = second_pair(stack, golden.NAME)
    yield second
    second.pipeline.cancel()


@pytest.fixture
def feed(stack: Stack, pair: SecondPair) -> Feed:
    return Feed(stack.kafka_bootstrap, stack.settings.partitions, pair.raw)


@pytest.fixture
def bill(pair: SecondPair) -> Bill:
    return of_hours(pair.billing_dsn, HOUR, 2)


def test_jobs_go_on_from_the_golden_savepoints_to_exact_totals(
    stack: Stack, pair: SecondPair, feed: Feed, bill: Bill
) -> None:
    """Contract: sums of a closed and of an open hour are added to, batches and lines that were counted before are known
    and not counted again, whether they were on time or late; nothing that came before is read once more."""
    savepoints, facts = golden.find()
    golden.fill(stack.kafka_bootstrap, facts.offsets, facts.hour_ms)
    later = Traffic("golden-later")

    pair.pipeline.start(savepoints)
    feed.send(*(later.batch(FILM, hour) for hour in HOURS for _ in range(3)))
    feed.send(*(facts.batch(name) for name in ("on-time", "late")))
    repeats = facts.batch("repeats")
    again = Traffic(repeats.header.source_id, repeats_lines=True)
    # Its first delivery would be that of the time before.
    _, lines = (again.lines_again(repeats) for _ in range(2))
    feed.send(lines)
    pair.pipeline.drain(feed, bill, HOURS[1])

    assert bill.rows() == sum_of(facts.bill, later.bill)
    copies = [
        LedgerRow(facts.batch(name).header.batch_id, path, 1)
        for name, path in (("on-time", "window"), ("late", "late"))
    ]
    assert bill.ledger() == sorted([*later.ledger, *copies, LedgerRow(lines.header.batch_id, "window", 0)])


@pytest.mark.drill
def test_golden_savepoints_are_made(stack: Stack, pair: SecondPair, feed: Feed, bill: Bill) -> None:
    """Not a test of anything: `make golden-savepoints`. The state holds an hour that is closed and one that is open,
    batches that are remembered, one of them late, and lines that are recognised."""
    traffic, repeats = Traffic("golden-before"), Traffic("golden-before-repeats", repeats_lines=True)
    sent = {
        "on-time": traffic.batch(FILM, HOURS[0]),
        "repeats": repeats.batch(FILM, HOURS[1]),
    }
    bill_of_windows = sum_of(traffic.bill, repeats.bill)
    sent["late"] = traffic.batch(FILM, HOURS[0], published_at_ms=LATE_MS)

    pair.pipeline.start()
    feed.send(*sent.values())
    pair.pipeline.drain(feed, bill, HOURS[0])
    pair.pipeline.wait_read(pair.raw)
    savepoints = pair.pipeline.stop_with_savepoints()
    pair.pipeline.jobs.clear()

    names = [f"{golden.NAME}.{topic}" for topic in (RAW, ENRICHED)]
    offsets = {
        name: {str(number): end for number, end in topics.ends(stack.kafka_bootstrap, name).items()} for name in names
    }
    facts = Facts(
        build=BUILD_ID,
        hour_ms=HOUR,
        offsets=offsets,
        bill=bill_of_windows,
        sent={name: batch.SerializeToString().hex() for name, batch in sent.items()},
    )
    golden.keep(savepoints, facts)
