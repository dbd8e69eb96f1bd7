"""The parts of the migration command that need no database."""

from __future__ import annotations

import pytest

from schemas import migrations


@pytest.mark.parametrize("database", ["assets", "billing"])
def test_files_are_numbered_without_gaps(database: migrations.Database) -> None:
    numbers = [int(path.name[:4]) for path in migrations.files(database)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("arguments", "dsn"),
    [([], "postgresql://x"), (["payroll"], "postgresql://x"), (["assets"], "")],
    ids=["no database", "unknown database", "no address"],
)
def test_a_wrong_call_prints_the_usage(
    arguments: list[str], dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_DSN", dsn)
    assert migrations.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: DATABASE_DSN=")
