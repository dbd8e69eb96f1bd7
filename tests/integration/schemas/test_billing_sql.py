"""The bill and the ledger, as SQL on a real Postgres."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg2
import pytest

from tests.integration.billing import HOUR, NO_HOUR, Billing

NEXT = HOUR + timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


class TestBill:
    def test_an_on_time_sum_is_billed_in_seconds_without_a_float(self, billing: Billing) -> None:
        billing.usage(6_001)
        rows = billing.query("SELECT * FROM billable_usage")
        assert rows == [
            (HOUR, "env-a", "film", "1080p", 6_001, Decimal("6.001"), 2, 2_000, "provisional", False),
        ]

    def test_a_late_batch_is_added_to_its_hour(self, billing: Billing) -> None:
        billing.usage(6_000)
        billing.ledger("late-1", 500, path="late")
        billing.correction("late-1", 500)
        assert billing.bill() == [(HOUR, "env-a", "film", "1080p", 6_500)]

    def test_a_late_batch_alone_makes_a_row(self, billing: Billing) -> None:
        billing.ledger("late-1", 500, path="late")
        billing.correction("late-1", 500)
        assert billing.bill() == [(HOUR, "env-a", "film", "1080p", 500)]

    def test_a_late_copy_of_an_on_time_batch_is_not_counted(self, billing: Billing) -> None:
        billing.usage(6_000)
        billing.ledger("b1", 6_000)
        billing.ledger("b1", 6_000, path="late")
        billing.correction("b1", 6_000)
        assert billing.bill() == [(HOUR, "env-a", "film", "1080p", 6_000)]

    def test_it_does_not_matter_which_copy_came_first(self, billing: Billing) -> None:
        billing.ledger("b1", 6_000, path="late")
        billing.correction("b1", 6_000)
        before = billing.bill()
        billing.ledger("b1", 6_000)
        billing.usage(6_000)
        assert before == billing.bill() == [(HOUR, "env-a", "film", "1080p", 6_000)]

    def test_only_the_window_row_of_the_same_batch_takes_a_correction_out(self, billing: Billing) -> None:
        billing.usage(6_000)
        billing.ledger("b1", 6_000)
        billing.ledger("b2", 70, path="late")
        billing.correction("b2", 70)
        assert billing.bill() == [(HOUR, "env-a", "film", "1080p", 6_070)]

    def test_environments_assets_tiers_and_hours_stay_apart(self, billing: Billing) -> None:
        billing.usage(1)
        billing.usage(2, hour=NEXT)
        billing.usage(4, environment="env-b")
        billing.usage(8, asset="song")
        billing.usage(16, tier="2160p")
        assert billing.bill() == [
            (HOUR, "env-a", "film", "1080p", 1),
            (HOUR, "env-a", "film", "2160p", 16),
            (HOUR, "env-a", "song", "1080p", 8),
            (HOUR, "env-b", "film", "1080p", 4),
            (NEXT, "env-a", "film", "1080p", 2),
        ]

    @pytest.mark.parametrize(
        ("watermark", "state"),
        [
            (NEXT - MILLISECOND, "provisional"),
            (NEXT, "on-time"),
            (NEXT + timedelta(hours=72) - MILLISECOND, "on-time"),
            (NEXT + timedelta(hours=72), "settled"),
        ],
        ids=["before its end", "at its end", "before 72 hours later", "72 hours later"],
    )
    def test_the_watermark_decides_the_state(self, billing: Billing, watermark: datetime, state: str) -> None:
        billing.usage(1)
        billing.watermark(watermark)
        billing.watermark(NEXT + timedelta(days=300), job="enrichment")
        assert billing.query("SELECT state FROM billable_usage") == [(state,)]

    @pytest.mark.parametrize("column", ["delivered_ms", "deliveries", "bytes", "records"])
    def test_no_sum_is_negative(self, billing: Billing, column: str) -> None:
        billing.usage(1)
        with pytest.raises(psycopg2.errors.CheckViolation):
            billing.execute(f"UPDATE media_usage SET {column} = -1")


class TestUnresolvedAssets:
    def test_requests_of_an_unknown_asset_are_a_queue_to_work_off(self, billing: Billing) -> None:
        billing.ledger("b1", 0, unresolved={"ghost": 2, "other": 1})
        billing.ledger("b2", 0, unresolved={"ghost": 3}, hour=NEXT)
        billing.ledger("b3", 0)
        rows = billing.query("SELECT * FROM unresolved_assets ORDER BY asset_id")
        assert rows == [("ghost", HOUR, NEXT, 5), ("other", HOUR, HOUR, 1)]

    def test_an_asset_leaves_the_queue_when_its_batches_are_resolved(self, billing: Billing) -> None:
        billing.ledger("b1", 0, unresolved={"ghost": 2})
        billing.execute("UPDATE batch_ledger SET unresolved_assets = '{}'")
        assert billing.query("SELECT * FROM unresolved_assets") == []


PARTITION_OF_BATCH = "SELECT batch_id, tableoid::regclass::text FROM batch_ledger ORDER BY batch_id"


class TestLedgerPartitions:
    def ensure(self, billing: Billing, first: date, last: date) -> None:
        billing.execute("SELECT ensure_ledger_partitions(%s, %s)", first, last)

    def partitions(self, billing: Billing) -> list[str]:
        rows = billing.query(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'batch_ledger'::regclass ORDER BY 1"
        )
        return [name for (name,) in rows]

    def test_every_day_gets_a_partition_once(self, billing: Billing) -> None:
        self.ensure(billing, date(2026, 8, 30), date(2026, 9, 1))
        self.ensure(billing, date(2026, 8, 31), date(2026, 9, 2))
        assert self.partitions(billing) == [
            "batch_ledger_20260830",
            "batch_ledger_20260831",
            "batch_ledger_20260901",
            "batch_ledger_20260902",
            "batch_ledger_default",
        ]

    @pytest.mark.parametrize("time_zone", ["UTC", "America/New_York", "Asia/Kolkata"])
    def test_days_are_days_of_utc_in_any_session(self, billing: Billing, time_zone: str) -> None:
        billing.execute("SELECT set_config('TimeZone', %s, false)", time_zone)
        self.ensure(billing, date(2026, 11, 1), date(2026, 11, 2))
        for number, hour in enumerate((0, 23, 24, 47, 48)):
            billing.ledger(f"b{number}", 0, hour=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour))
        assert billing.query(PARTITION_OF_BATCH) == [
            ("b0", "batch_ledger_20261101"),
            ("b1", "batch_ledger_20261101"),
            ("b2", "batch_ledger_20261102"),
            ("b3", "batch_ledger_20261102"),
            ("b4", "batch_ledger_default"),
        ]

    def test_rows_that_came_before_their_partition_move_into_it(self, billing: Billing) -> None:
        billing.ledger("b1", 1)
        billing.ledger("b2", 2, hour=NO_HOUR)
        self.ensure(billing, HOUR.date(), HOUR.date())
        assert billing.query(PARTITION_OF_BATCH) == [
            ("b1", "batch_ledger_20260901"),
            ("b2", "batch_ledger_default"),
        ]

    def test_a_moved_row_keeps_its_key(self, billing: Billing) -> None:
        billing.ledger("b1", 1)
        self.ensure(billing, HOUR.date(), HOUR.date())
        with pytest.raises(psycopg2.errors.UniqueViolation):
            billing.ledger("b1", 1)

    def test_two_at_once_both_succeed(self, billing: Billing) -> None:
        barrier = threading.Barrier(2)
        failures: list[BaseException] = []

        def ensure() -> None:
            other = Billing(billing.dsn)
            barrier.wait()
            try:
                self.ensure(other, date(2026, 8, 1), date(2026, 8, 20))
            except psycopg2.Error as error:
                failures.append(error)
            finally:
                other.close()

        threads = [threading.Thread(target=ensure) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (failures, len(self.partitions(billing))) == ([], 21)


@pytest.mark.parametrize("path", ["", "windows", "WINDOW"])
def test_a_batch_is_in_the_ledger_by_window_or_late_only(billing: Billing, path: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation):
        billing.ledger("b1", 0, path=path)
