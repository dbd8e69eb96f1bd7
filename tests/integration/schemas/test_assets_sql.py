"""What the asset database refuses, and what enrichment makes of rows that it did not refuse in time."""

from __future__ import annotations

import psycopg2
import pytest

from jobs.enrichment.database import AssetDatabase
from schemas import migrations
from schemas.cdn_logs_pb2 import AssetSettings

NOW = 1_795_000_000_000
CONSTRAINT = "renditions_segment_ms_check"
BROKEN = pytest.mark.parametrize(
    "segment_ms", ["{4000,NULL}", "{NULL}", "{4000,-1}", "{{4000},{4000}}"], ids=lambda array: array
)


def run(dsn: str, *statements: str) -> None:
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def insert(segment_ms: str) -> str:
    columns = "asset_id, name, media_type, segment_ms"
    return f"INSERT INTO renditions ({columns}) VALUES ('empty', 'x', 'video', '{segment_ms}')"


@BROKEN
def test_durations_that_nobody_can_read_are_refused(segment_ms: str, filled_dsn: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match=CONSTRAINT):
        run(filled_dsn, insert(segment_ms))
    with pytest.raises(psycopg2.errors.CheckViolation, match=CONSTRAINT):
        run(filled_dsn, f"UPDATE renditions SET segment_ms = '{segment_ms}' WHERE asset_id = 'radio'")


@pytest.mark.parametrize("segment_ms", ["{}", "{4004,1500}", "{4004,0,1500}", "[0:1]={4004,1500}"])
def test_durations_and_gaps_between_them_are_taken(segment_ms: str, filled_dsn: str) -> None:
    run(filled_dsn, insert(segment_ms))


@BROKEN
def test_rows_from_before_the_constraint_neither_stop_the_migration_nor_other_assets(
    segment_ms: str, filled_dsn: str
) -> None:
    run(
        filled_dsn,
        f"ALTER TABLE renditions DROP CONSTRAINT {CONSTRAINT}",
        "DELETE FROM schema_migrations WHERE name = '0004_segment_durations.sql'",
        insert(segment_ms),
    )
    assert migrations.apply(filled_dsn, "assets") == ["0004_segment_durations.sql"]
    database = AssetDatabase(filled_dsn, timeout_s=5)
    found = database.read(["empty", "radio"], NOW)
    database.close()
    assert found["empty"] == AssetSettings(asset_id="empty", environment_id="env-1", read_at_ms=NOW)
    assert [list(entry.segment_ms) for entry in found["radio"].renditions] == [[6000]]
