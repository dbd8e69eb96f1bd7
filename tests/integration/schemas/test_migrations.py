"""Migrations on a real Postgres."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from schemas import migrations


def relations(dsn: str, schema: str = "public") -> set[str]:
    connection = psycopg2.connect(dsn)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p', 'v', 'S')",
            (schema,),
        )
        found = {name for (name,) in cursor.fetchall()}
    connection.close()
    return found


TABLES: dict[migrations.Database, set[str]] = {
    "assets": {"environments", "assets", "renditions", "schema_migrations"},
    "billing": {
        "media_usage",
        "media_usage_corrections",
        "batch_ledger",
        "batch_ledger_default",
        "collector_totals",
        "counted_usage",
        "job_watermark",
        "reprocess_epoch",
        "hour_takeover",
        "billable_usage",
        "unresolved_assets",
        "statements",
        "statements_statement_id_seq",
        "statement_lines",
        "statement_reasons",
        "statement_totals",
        "collector_claims",
        "broken_builds",
        "hours_in_doubt",
        "schema_migrations",
    },
}


@pytest.mark.parametrize("database", TABLES)
def test_an_empty_database_gets_every_table(database: migrations.Database, empty_dsn: str) -> None:
    applied = migrations.apply(empty_dsn, database)
    assert applied == [path.name for path in migrations.files(database)]
    assert relations(empty_dsn) == TABLES[database]


@pytest.mark.parametrize("database", TABLES)
def test_a_second_run_does_nothing(database: migrations.Database, empty_dsn: str) -> None:
    migrations.apply(empty_dsn, database)
    assert migrations.apply(empty_dsn, database) == []


def test_two_at_once_apply_each_file_once(empty_dsn: str) -> None:
    barrier = threading.Barrier(2)
    results: list[list[str]] = []

    def migrate() -> None:
        barrier.wait()
        results.append(migrations.apply(empty_dsn, "billing"))

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [[], [path.name for path in migrations.files("billing")]]


def test_a_file_that_fails_leaves_the_database_as_it_was(
    empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "0001_good.sql").write_text("CREATE TABLE good (id int)")
    (tmp_path / "billing" / "0002_bad.sql").write_text("CREATE TABLE bad (id int); SELECT no_such_column")
    monkeypatch.setattr(migrations, "_SQL", tmp_path)
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        migrations.apply(empty_dsn, "billing")
    assert relations(empty_dsn) == set()


def test_only_the_files_that_are_new_are_applied(
    empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "0001_first.sql").write_text("CREATE TABLE first (id int)")
    monkeypatch.setattr(migrations, "_SQL", tmp_path)
    migrations.apply(empty_dsn, "billing")
    (tmp_path / "billing" / "0002_second.sql").write_text("CREATE TABLE second (id int)")
    (tmp_path / "billing" / "notes.sql").write_text("no migration")
    assert migrations.apply(empty_dsn, "billing") == ["0002_second.sql"]
    assert relations(empty_dsn) == {"first", "second", "schema_migrations"}


def test_a_schema_on_the_search_path_gets_tables_of_its_own(billing_dsn: str) -> None:
    connection = psycopg2.connect(billing_dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shadow")
        cursor.execute("SET search_path = shadow")
    migrations.apply_to(connection, "billing")
    connection.close()
    assert relations(billing_dsn, "shadow") == TABLES["billing"]


def test_the_command_says_what_it_applied(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_DSN", empty_dsn)
    assert migrations.main(["assets"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"applied {file.name}" for file in migrations.files("assets")]
    assert migrations.main(["assets"]) == 0
    assert capsys.readouterr().out == ""


def test_every_test_gets_a_database_of_its_own(new_database: Callable[[str], str]) -> None:
    assert new_database("template1") != new_database("template1")
