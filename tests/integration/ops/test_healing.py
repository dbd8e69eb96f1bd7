"""Contract: what the audit names, reprocess heals, whatever it was; all but what no recount of raw can find."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ops import reprocess
from ops.hours import Hours
from tests.integration.billing import HOUR, SETTLED, Billing
from tests.integration.ops import damage
from tests.integration.ops.damage import DAMAGE, NEXT, differences
from tests.integration.ops.recount import Job, accept

LOST = "a collector whose acknowledged batches are all gone"
REFUSED = "a firing that was refused: the window was gone, and the batch stands in the ledger"
BY_HAND = ("a ledger row added by hand", "a correction added by hand")


@pytest.fixture
def settled(billing: Billing) -> Billing:
    damage.count(billing)
    damage.claim(billing)
    billing.watermark(NEXT + SETTLED)
    return billing


def count_refused_too(billing: Billing) -> None:
    """In a recount no window is gone."""
    damage.count(billing)
    billing.ledger("b9", 70, records=1, outcomes={"billed": 1}, environments={"env-a": [70, 1, 1]})
    billing.execute(
        "UPDATE media_usage SET delivered_ms = 6070, deliveries = 3, bytes = 2001 WHERE delivered_ms = 6000"
    )


@pytest.mark.parametrize("harm", DAMAGE)
def test_after_it_the_audit_has_nothing_to_say_but_of_what_raw_has_lost(settled: Billing, harm: str) -> None:
    statement, named = DAMAGE[harm]
    settled.execute(statement)
    recount = Job(settled.dsn, count_refused_too if harm == REFUSED else damage.count)
    drop = ["b9"] if harm in BY_HAND else []
    reprocess.reprocess(settled.dsn, Hours(HOUR - timedelta(hours=1), NEXT), recount, accept, drop)
    assert differences(settled) == (named if harm == LOST else [])
