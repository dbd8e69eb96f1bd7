"""What the live job still writes to hours that reprocess has taken over, in its own statements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.media_usage import statements
from jobs.media_usage.operators.outputs import corrections
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from ops import audit, reprocess
from ops.hours import Hours, epoch_ms
from tests.integration.billing import HOUR, SETTLED, Billing

HOUR_MS = epoch_ms(HOUR)


def write(billing: Billing, statement: statements.Statement, *values: object) -> int:
    """Run a JDBC statement of the job."""
    return billing.execute(statement.sql.replace("?", "%s"), *values)


def usage(billing: Billing, asset: str, delivered_ms: int, records: int, hour_ms: int = HOUR_MS) -> int:
    return write(billing, statements.USAGE, hour_ms, "env-a", asset, "1080p", delivered_ms, 1, 1_000, records)


def account(batch: str, path: str, billed_ms: int) -> tuple[object, ...]:
    """What the LEDGER statement is given for a batch that is counted."""
    times, counts = (HOUR_MS, HOUR_MS), (1, billed_ms, '{"billed": 1}', "{}", "{}", 0)
    return (HOUR_MS, batch, path, "boot-1", "fastly-main", *times, *counts, "1", "new", told(billed_ms), 0)


def told(billed_ms: int) -> str:
    return f'{{"env-a": [{billed_ms}, 1, 1000]}}'


def window(billing: Billing, batch: str, billed_ms: int) -> int:
    return write(billing, statements.LEDGER, *account(batch, "window", billed_ms))


def late(billing: Billing, batch: str, asset: str, billed_ms: int) -> int:
    bill = corrections({UsageKey("env-a", asset, "1080p"): Sums(billed_ms, 1, 1_000, 1)})
    return write(billing, statements.LATE_BATCH, *account(batch, "late", billed_ms), bill)


@pytest.fixture
def taken(billing: Billing) -> Billing:
    """An hour of one on-time and one late batch; the recount found another asset in both of them."""
    billing.watermark(HOUR + SETTLED)
    usage(billing, "wrong", 6_000, 10)
    window(billing, "b1", 6_000)
    late(billing, "b2", "wrong", 500)

    def recount(schema: str, first_hour_ms: int, last_hour_ms: int) -> None:
        shadow = Billing(billing.dsn, schema)
        usage(shadow, "right", 6_000, 1)
        window(shadow, "b1", 6_000)
        late(shadow, "b2", "right", 500)
        shadow.close()

    assert reprocess.reprocess(billing.dsn, Hours(HOUR, HOUR), recount, lambda found: True) == 1
    return billing


def bill(billing: Billing) -> list[tuple[str, int]]:
    return [(asset, ms) for _, _, asset, _, ms in billing.bill()]


def test_the_hour_holds_the_recount(taken: Billing) -> None:
    assert bill(taken) == [("right", 6_500)]


def test_a_stale_firing_changes_nothing_whatever_it_knows(taken: Billing) -> None:
    assert usage(taken, "right", 9_000, 99) == 0
    assert usage(taken, "wrong", 9_000, 99) == 0
    assert bill(taken) == [("right", 6_500)]


def test_a_stale_late_batch_changes_nothing(taken: Billing) -> None:
    assert late(taken, "b2", "wrong", 500) == 0
    assert late(taken, "b2", "right", 501) == 0
    assert bill(taken) == [("right", 6_500)]
    assert audit.audit(taken.dsn).clean


def test_a_late_batch_that_is_new_is_billed(taken: Billing) -> None:
    assert late(taken, "b3", "right", 70) == 1
    assert bill(taken) == [("right", 6_570)]
    assert audit.audit(taken.dsn).clean


def test_other_hours_are_written_as_before(taken: Billing) -> None:
    next_hour = HOUR + timedelta(hours=1)
    assert usage(taken, "wrong", 100, 1, epoch_ms(next_hour)) == 1
    assert taken.query("SELECT epoch FROM media_usage WHERE hour = %s", next_hour) == [(0,)]
