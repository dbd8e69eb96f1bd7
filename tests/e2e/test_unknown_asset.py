"""Contract: what was asked for and is unknown is a queue to work off, never a silent zero."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from local.settings import ROOT
from local.stack import Stack
from tests.e2e.bill import Bill, Row, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.traffic import Traffic
from tests.e2e.waiting import DEADLINE_S
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

KNOWN = Film(asset_id="registered-film", environment_id="registered-env")
GHOST = Film(asset_id="ghost-film", environment_id="ghost-env")
#: An hour may be counted anew once the watermark is past its end by 72 h.
SETTLED_HOURS = 73


def reprocess(stack: Stack, first_hour: int, last_hour: int) -> list[str]:
    """Run the operator's command and return the lines that it printed."""
    hours = [f"{moment(hour):%Y-%m-%dT%H}" for hour in (first_hour, last_hour)]
    done = subprocess.run(
        [sys.executable, "-m", "ops.reprocess", *hours, "--yes"],
        env={**os.environ, **stack.environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def unresolved(bill: Bill) -> list[Row]:
    return bill.query("SELECT asset_id, records FROM unresolved_assets WHERE asset_id = %s", GHOST.asset_id)


def epochs(bill: Bill) -> list[Row]:
    return bill.query("SELECT last_value, is_called FROM reprocess_epoch")


def test_hours_of_an_asset_registered_later_are_billed_by_reprocess(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: an unknown asset's deliveries are unresolved in the ledger, named in unresolved_assets and not
    billed. As soon as it is registered, whatever caches hold, reprocess bills them, corrections included, beside what
    was billed before; run again, it changes nothing and takes no new epoch."""
    register(stack.assets_dsn, KNOWN)
    known, ghost = Traffic("registered-source"), Traffic("ghost-source")
    hours = [first_hour, first_hour + HOUR_MS]
    feed.send(*(known.batch(KNOWN, hour) for hour in hours for _ in range(3)))
    feed.send(*(ghost.batch(GHOST, hour, plays=20) for hour in hours for _ in range(2)))
    feed.send(ghost.batch(GHOST, first_hour, plays=1, published_at_ms=first_hour + 60 * HOUR_MS))
    pipeline.drain(feed, bill, hours[-1] + SETTLED_HOURS * HOUR_MS)

    assert bill.rows() == known.bill
    assert bill.ledger() == sorted(known.ledger + ghost.ledger)
    assert unresolved(bill) == [(GHOST.asset_id, 81)]

    register(stack.assets_dsn, GHOST)
    printed = reprocess(stack, *hours)
    assert bill.rows() == sorted(known.bill + ghost.bill)
    assert bill.ledger() == sorted(known.ledger + ghost.ledger)
    assert unresolved(bill) == []
    assert printed[-1].startswith("replaced hours ")

    before = epochs(bill)
    assert reprocess(stack, *hours)[-1].endswith(": nothing changed")
    assert epochs(bill) == before
