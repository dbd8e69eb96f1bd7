"""What the demo reads of a real billing database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local.demo import billing as read
from local.demo.billing import Bill, Late, Unresolved
from local.demo.oracle import Amount, Key
from tests.integration.billing import HOUR, Billing

HOUR_MS = int(HOUR.timestamp()) * 1_000


def test_an_empty_database_bills_nothing(billing: Billing) -> None:
    assert read.rows(billing.dsn) == {}
    assert read.biggest(billing.dsn, 10) == []
    assert read.unresolved(billing.dsn) == []
    assert read.late(billing.dsn) == Late(0, 0, 0)
    assert read.watermark(billing.dsn) is None


def test_every_row_has_its_key_and_amount(billing: Billing) -> None:
    billing.usage(1_500)
    billing.usage(700, hour=HOUR + timedelta(hours=1), asset="song", tier="audio-only")
    assert read.rows(billing.dsn) == {
        Key(HOUR_MS, "env-a", "film", "1080p"): Amount(1_500, 2, 2_000),
        Key(HOUR_MS + 3_600_000, "env-a", "song", "audio-only"): Amount(700, 2, 2_000),
    }


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


def test_the_watermark_is_that_of_the_media_usage_job(billing: Billing) -> None:
    reached = datetime(2026, 9, 2, 3, 4, 5, tzinfo=UTC)
    billing.watermark(reached)
    billing.watermark(reached + timedelta(days=1), job="other")
    assert read.watermark(billing.dsn) == reached
