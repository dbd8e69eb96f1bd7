"""What is read of a real billing database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local import billing as read
from local.traffic.oracle import Amount, Key
from tests.integration.billing import HOUR, Billing

HOUR_MS = int(HOUR.timestamp()) * 1_000


def test_an_empty_database_bills_nothing(billing: Billing) -> None:
    assert (read.rows(billing.dsn), read.watermark(billing.dsn)) == ({}, None)


def test_every_row_has_its_key_and_amount(billing: Billing) -> None:
    billing.usage(1_500)
    billing.usage(700, hour=HOUR + timedelta(hours=1), asset="song", tier="audio-only")
    assert read.rows(billing.dsn) == {
        Key(HOUR_MS, "env-a", "film", "1080p"): Amount(1_500, 2, 2_000),
        Key(HOUR_MS + 3_600_000, "env-a", "song", "audio-only"): Amount(700, 2, 2_000),
    }


def test_the_watermark_is_that_of_the_media_usage_job(billing: Billing) -> None:
    reached = datetime(2026, 9, 2, 3, 4, 5, tzinfo=UTC)
    billing.watermark(reached)
    billing.watermark(reached + timedelta(days=1), job="other")
    assert read.watermark(billing.dsn) == reached
