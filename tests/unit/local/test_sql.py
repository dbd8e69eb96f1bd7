"""The little SQL command: usage and layout; running statements is tested against a real Postgres."""

from __future__ import annotations

import pytest

from local.sql import main, table


def test_columns_are_as_wide_as_their_widest_value() -> None:
    rows = [("asset_id", "ms"), ("trailer", 4000), ("a-longer-name", None)]
    assert table(rows) == "asset_id       ms\ntrailer        4000\na-longer-name  None"


def test_no_rows_are_an_empty_text() -> None:
    assert table([]) == ""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing"),
        pytest.param(["billing"], id="no statement"),
        pytest.param(["postgres", "SELECT 1"], id="unknown database"),
    ],
)
def test_wrong_arguments_are_answered_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m local.sql assets|billing STATEMENT\n"
