"""Figures of a real billing database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from ops.exporter import audits
from ops.exporter import billing as figures
from ops.exporter.reading import NotRead
from tests.integration.billing import HOUR, NO_HOUR, SETTLED, Billing

#: Within the hour of the tests' rows.
NOW = HOUR + timedelta(minutes=20)
#: The oldest hour that counts, and the one before it.
OLDEST, TOO_OLD = HOUR - timedelta(hours=23), HOUR - timedelta(hours=24)

Samples = dict[str, dict[tuple[str, ...], float]]


def read(dsn: str) -> Samples:
    families = figures.read(dsn, now=lambda: NOW)
    return {family.name: {tuple(each.labels.values()): each.value for each in family.samples} for family in families}


def test_an_empty_database_has_no_figures_but_that_nothing_is_unresolved(billing_dsn: str) -> None:
    assert read(billing_dsn) == {
        "billing_watermark_seconds": {},
        "billing_delivered_seconds": {},
        "billing_source_newest_hour_seconds": {},
        "billing_records": {},
        "billing_unresolved_assets": {(): 0},
        "billing_rejected_lines": {},
        "billing_ledger_delay_seconds": {},
    }


def test_watermarks_are_told_by_job_as_flink_spells_it(billing: Billing) -> None:
    billing.watermark(HOUR)
    assert read(billing.dsn)["billing_watermark_seconds"] == {("media_usage",): HOUR.timestamp()}


def test_the_bill_of_24_hours_is_told_by_environment(billing: Billing) -> None:
    billing.usage(4_004)
    billing.usage(1_500, hour=OLDEST)
    billing.usage(9_000, hour=TOO_OLD)
    billing.usage(2_000, environment="env-b")
    billing.ledger("counted", 0, path="window")
    billing.ledger("late", 0, path="late")
    billing.correction("counted", 7_000)
    billing.correction("late", 250, environment="env-b")
    assert read(billing.dsn)["billing_delivered_seconds"] == {("env-a",): 5.504, ("env-b",): 2.25}


def test_records_are_told_by_outcome_a_batch_once(billing: Billing) -> None:
    billing.ledger("a", 0, outcomes={"billed": 5, "manifest": 2})
    billing.ledger("a", 0, path="late", outcomes={"billed": 5, "manifest": 2})
    billing.ledger("b", 0, hour=OLDEST, outcomes={"billed": 1, "unresolved-unknown-asset": 3})
    billing.ledger("old", 0, hour=TOO_OLD, outcomes={"billed": 100})
    assert read(billing.dsn)["billing_records"] == {
        ("billed",): 6,
        ("manifest",): 2,
        ("unresolved-unknown-asset",): 3,
    }


def test_an_unresolved_asset_counts_once_however_often_it_was_requested(billing: Billing) -> None:
    billing.ledger("a", 0, unresolved={"x": 5, "y": 1})
    billing.ledger("b", 0, unresolved={"x": 2})
    assert read(billing.dsn)["billing_unresolved_assets"] == {(): 2}


def test_rejected_lines_are_told_by_source_and_reason_with_those_of_batches_that_have_no_hour(billing: Billing) -> None:
    billing.ledger("a", 0, rejected={"bad-json": 2})
    billing.ledger("b", 0, rejected={"bad-json": 1, "too-old": 4}, source="akamai")
    billing.ledger("c", 0, hour=NO_HOUR, rejected={"bad-json": 10})
    billing.ledger("old", 0, hour=NO_HOUR, rejected={"bad-json": 100})
    billing.execute("UPDATE batch_ledger SET published_at = %s WHERE batch_id = 'c'", NOW)
    billing.execute("UPDATE batch_ledger SET published_at = %s WHERE batch_id = 'old'", TOO_OLD)
    assert read(billing.dsn)["billing_rejected_lines"] == {
        ("akamai", "bad-json"): 1,
        ("akamai", "too-old"): 4,
        ("fastly-main", "bad-json"): 12,
    }


def test_the_delay_from_receipt_to_ledger_leaves_out_what_was_recounted(billing: Billing) -> None:
    for number in range(1, 101):
        billing.ledger(f"batch-{number}", 0)
        billing.execute(
            "UPDATE batch_ledger SET recorded_at = received_at + %s WHERE batch_id = %s",
            timedelta(seconds=number),
            f"batch-{number}",
        )
    billing.ledger("recounted", 0, epoch=3)
    billing.execute("UPDATE batch_ledger SET recorded_at = received_at + interval '9 days' WHERE epoch = 3")
    assert read(billing.dsn)["billing_ledger_delay_seconds"] == {
        ("fastly-main", "0.5"): 50,
        ("fastly-main", "0.99"): 99,
    }


def test_the_newest_hour_is_told_of_every_source_that_collectors_know(billing: Billing) -> None:
    for source in ("fastly-main", "akamai", "never"):
        billing.totals(1, 1, source=source)
    billing.ledger("a", 0)
    billing.ledger("b", 0, hour=OLDEST)
    billing.ledger("c", 0, hour=TOO_OLD - timedelta(days=30), source="akamai")
    billing.ledger("d", 0, hour=NO_HOUR, source="never")
    assert read(billing.dsn)["billing_source_newest_hour_seconds"] == {
        ("akamai",): (TOO_OLD - timedelta(days=30)).timestamp(),
        ("fastly-main",): HOUR.timestamp(),
    }


def test_the_audit_is_told_by_its_checks(billing: Billing) -> None:
    billing.watermark(HOUR + SETTLED)
    billing.ledger("a", 5_000)
    billing.usage(4_000)
    billing.totals(1, 3, told=HOUR)
    different, compared = (
        {sample.labels["check"]: sample.value for sample in family.samples}
        for family in audits.read(billing.dsn, 4, 0, now=lambda: HOUR + SETTLED)
    )
    assert different == {
        "every record has one outcome": 0,
        "every hour bills what its batches say": 1,
        "every late batch is corrected as it says": 0,
        "every acknowledged batch is in the ledger": 0,
    }
    assert compared == {
        "every record has one outcome": 1,
        "every hour bills what its batches say": 1,
        "every late batch is corrected as it says": 0,
        "every acknowledged batch is in the ledger": 1,
    }


def test_an_hour_older_than_the_days_is_not_audited_again(billing: Billing) -> None:
    billing.watermark(HOUR + timedelta(days=20))
    billing.usage(4_000)
    different, _ = audits.read(billing.dsn, 10, 0, now=lambda: HOUR + timedelta(days=20))
    assert not any(sample.value for sample in different.samples)


def test_a_role_that_may_only_select_is_enough(billing: Billing) -> None:
    billing.execute("DROP ROLE IF EXISTS exporter_of_test")
    billing.execute("CREATE ROLE exporter_of_test LOGIN PASSWORD 'exporter'")
    billing.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO exporter_of_test")
    try:
        dsn = psycopg2.extensions.make_dsn(billing.dsn, user="exporter_of_test", password="exporter")
        assert read(dsn)["billing_unresolved_assets"] == {(): 0}
        assert len(audits.read(dsn, 4, 0)) == 2
    finally:
        billing.execute("DROP OWNED BY exporter_of_test")
        billing.execute("DROP ROLE exporter_of_test")


def test_a_server_that_does_not_answer_is_a_failed_reading_and_named() -> None:
    with pytest.raises(NotRead, match="billing database: "):
        figures.read("postgresql://nobody@127.0.0.1:1/billing")
    with pytest.raises(NotRead, match="audit: "):
        audits.read("postgresql://nobody@127.0.0.1:1/billing", 4, 0)


def test_the_clock_is_the_machines_unless_told_otherwise(billing: Billing) -> None:
    billing.usage(1_000, hour=datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    families = {family.name: family for family in figures.read(billing.dsn)}
    assert [sample.value for sample in families["billing_delivered_seconds"].samples] == [1.0]
