"""Days of the ledger that have expired leave as docs/operations/retention-and-privacy.md says, and no bill changes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.billing import Billing

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations" / "retention-and-privacy.md"
[STATEMENTS] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)

EXPIRED = datetime(2026, 9, 1, 23, tzinfo=UTC)
KEPT = EXPIRED + timedelta(hours=1)


@pytest.fixture
def days(billing: Billing) -> Billing:
    """An hour that expires and one that is kept, each with a window, a copy that came late, and a real correction."""
    billing.query("SELECT ensure_ledger_partitions(%s, %s)", date(2026, 9, 1), date(2026, 9, 2))
    for hour in (EXPIRED, KEPT):
        name = f"{hour:%d}"
        billing.usage(4_000, hour=hour)
        billing.ledger(f"counted-{name}", 4_000, hour=hour)
        billing.ledger(f"counted-{name}", 4_000, hour=hour, path="late")
        billing.correction(f"counted-{name}", 4_000, hour=hour)
        billing.ledger(f"late-{name}", 500, hour=hour, path="late")
        billing.correction(f"late-{name}", 500, hour=hour)
    return billing


def test_the_bill_is_the_same_before_and_after(days: Billing) -> None:
    before = days.bill()
    days.execute(STATEMENTS)
    assert days.bill() == before
    assert [row[-1] for row in before] == [4_500, 4_500]


def test_a_day_of_the_ledger_is_gone_and_the_next_is_whole(days: Billing) -> None:
    days.execute(STATEMENTS)
    rows = days.query("SELECT hour, batch_id, path FROM batch_ledger ORDER BY 2, 3")
    assert rows == [(KEPT, "counted-02", "late"), (KEPT, "counted-02", "window"), (KEPT, "late-02", "late")]
    assert len(days.query("SELECT FROM media_usage_corrections WHERE hour = %s", KEPT)) == 2
