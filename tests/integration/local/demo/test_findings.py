"""What the demo reads of a real billing database."""

from __future__ import annotations

from datetime import timedelta

from local.demo import findings as read
from local.demo.findings import Bill, Late, Unresolved
from local.traffic.oracle import Amount
from tests.integration.billing import HOUR, Billing

HOUR_MS = int(HOUR.timestamp()) * 1_000


def test_an_empty_database_shows_nothing(billing: Billing) -> None:
    assert read.biggest(billing.dsn, 10) == []
    assert read.unresolved(billing.dsn) == []
    assert read.late(billing.dsn) == Late(0, 0, 0)


def test_the_biggest_bills_add_up_hours_and_tiers(billing: Billing) -> None:
    billing.usage(1_000)
    billing.usage(2_000, hour=HOUR + timedelta(hours=1))
    billing.usage(400, tier="2160p")
    billing.usage(3_399, asset="other")
    billing.usage(1, asset="least")
    assert read.biggest(billing.dsn, 2) == [
        Bill("env-a", "film", Amount(3_400, 6, 6_000)),
        Bill("env-a", "other", Amount(3_399, 2, 2_000)),
    ]


def test_late_batches_are_corrections_unless_they_were_on_time_too(billing: Billing) -> None:
    billing.ledger("a" * 32, 500, path="window")
    billing.ledger("a" * 32, 500, path="late")
    billing.ledger("b" * 32, 700, path="late")
    billing.ledger("c" * 32, 11, path="late")
    assert read.late(billing.dsn) == Late(corrections=2, corrected_ms=711, copies=1)


def test_unresolved_assets_come_with_their_hours_and_records(billing: Billing) -> None:
    later = HOUR + timedelta(hours=2)
    billing.ledger("a" * 32, 0, unresolved={"premiere": 2})
    billing.ledger("b" * 32, 0, hour=later, unresolved={"premiere": 3, "lost": 1})
    assert read.unresolved(billing.dsn) == [
        Unresolved("lost", later, later, 1),
        Unresolved("premiere", HOUR, later, 5),
    ]
