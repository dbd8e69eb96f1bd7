"""CSV: exact amounts, and no formula whatever an asset is called."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.show import csv_lines

HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)


def test_a_row_of_usage_has_integers_and_exact_decimals() -> None:
    row = (HOUR, "acme", 'a "film", perhaps', "1080p", "settled", True, 20_001, 1, 2, 3_000)
    assert csv_lines.text([csv_lines.USAGE_HEAD, csv_lines.usage_line(row)]).decode() == (
        "hour_utc,environment_id,asset_id,tier,certainty,in_doubt,"
        "delivered_ms,delivered_seconds,delivered_minutes,corrections_ms,deliveries,bytes\r\n"
        '2026-09-01T10:00:00Z,acme,"a ""film"", perhaps",1080p,settled,yes,20001,20.001,0.333350,1,2,3000\r\n'
    )


def test_a_statement_takes_back_with_negative_numbers() -> None:
    row = ("adjustment", HOUR, "acme", "film", "1080p", -500, -1, -1_000)
    assert csv_lines.text([csv_lines.STATEMENT_HEAD, csv_lines.statement_line(row)]).decode() == (
        "kind,hour_utc,environment_id,asset_id,tier,"
        "delivered_ms,delivered_seconds,delivered_minutes,deliveries,bytes\r\n"
        "adjustment,2026-09-01T10:00:00Z,acme,film,1080p,-500,-0.500,-0.008333,-1,-1000\r\n"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_a_name_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    [[cell]] = csv.reader(io.StringIO(csv_lines.text([[f"{start}HYPERLINK(1)"]]).decode(), newline=""))
    assert cell == f"'{start}HYPERLINK(1)"


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_whatever_names_are_read_back_and_none_is_a_formula(names: list[str]) -> None:
    text = csv_lines.text([["head", *names]]).decode()
    [[_, *cells]] = csv.reader(io.StringIO(text, newline=""))
    assert [
        cell.removeprefix("'") if not name.startswith("'") else cell for cell, name in zip(cells, names, strict=True)
    ] == names
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_what_is_no_text_does_not_end_a_download() -> None:
    assert csv_lines.text([["a\udc80b"]]) == b"a?b\r\n"
