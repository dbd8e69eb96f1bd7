"""What the job has to remember, counted in a real billing database."""

from __future__ import annotations

from datetime import timedelta

from local.soak.state import Remembered, remembered
from tests.integration.billing import HOUR, Billing

HOUR_MS = 3_600_000
AT_MS = int(HOUR.timestamp()) * 1_000


def test_nothing_is_remembered_of_an_empty_bill(billing: Billing) -> None:
    assert remembered(billing.dsn, AT_MS, ["akamai"]) == Remembered(0, 0, 0)


def test_what_is_old_enough_is_forgotten(billing: Billing) -> None:
    old = HOUR - timedelta(hours=80)
    billing.ledger("a" * 32, 500)
    billing.ledger("b" * 32, 500, hour=old)
    billing.usage(1_000)
    billing.usage(1_000, hour=old)
    found = remembered(billing.dsn, AT_MS + HOUR_MS, [])
    assert (found.batches, found.rows) == (1, 1)
