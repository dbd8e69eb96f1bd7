"""The ledger's partitions before the media-usage job starts, on a real Postgres."""

from __future__ import annotations

from datetime import UTC, date, datetime

import psycopg2
import pytest

from jobs.media_usage import partitions
from jobs.media_usage.settings import MediaUsageSettings
from local import postgres
from local.stack import Stack
from tests.integration.billing import Billing

TODAY = date(2026, 9, 1)
PARTITIONS = """
SELECT relid::text FROM pg_partition_tree('batch_ledger') WHERE isleaf ORDER BY relid::text
"""
NOON = datetime(2026, 9, 20, 12, tzinfo=UTC)
WHERE = "SELECT tableoid::regclass::text FROM batch_ledger"


@pytest.fixture
def settings(billing: Billing, postgres_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> MediaUsageSettings:
    """What the job is told of this database: its password stands in a file, and Java has options of its own."""
    monkeypatch.setenv("PGPASSFILE", str(postgres.password_file(postgres_stack.settings)))
    database = billing.dsn.rpartition("/")[2]
    return MediaUsageSettings(
        kafka_bootstrap_servers="kafka:9092",
        billing_jdbc_url=f"{postgres.jdbc_url(postgres_stack.settings, database)}?reWriteBatchedInserts=true",
        billing_user=postgres.USER,
    )


def names(billing: Billing) -> list[str]:
    return [name for (name,) in billing.query(PARTITIONS)]


def test_they_cover_the_age_limit_and_a_fortnight_ahead(billing: Billing, settings: MediaUsageSettings) -> None:
    partitions.ensure(settings, TODAY)
    found = names(billing)
    assert (found[0], found[-2], found[-1]) == (
        "batch_ledger_20260717",
        "batch_ledger_20260915",
        "batch_ledger_default",
    )
    assert len(found) == 46 + 1 + 14 + 1


def test_a_second_start_on_the_same_day_changes_nothing(billing: Billing, settings: MediaUsageSettings) -> None:
    partitions.ensure(settings, TODAY)
    before = names(billing)
    partitions.ensure(settings, TODAY)
    assert names(billing) == before


def test_a_later_start_gives_waiting_rows_their_day(billing: Billing, settings: MediaUsageSettings) -> None:
    partitions.ensure(settings, TODAY)
    billing.ledger("b1", 1_000, hour=NOON)
    assert billing.query(WHERE) == [("batch_ledger_default",)]
    partitions.ensure(settings, NOON.date())
    assert billing.query(WHERE) == [("batch_ledger_20260920",)]


def test_a_database_without_tables_is_an_error(empty_dsn: str, settings: MediaUsageSettings) -> None:
    database = empty_dsn.rpartition("/")[2]
    url = settings.billing_jdbc_url.rpartition("/")[0]
    bare = MediaUsageSettings(
        kafka_bootstrap_servers="kafka:9092", billing_jdbc_url=f"{url}/{database}", billing_user=settings.billing_user
    )
    with pytest.raises(psycopg2.errors.UndefinedFunction):
        partitions.ensure(bare, TODAY)
