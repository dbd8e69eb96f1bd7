"""Rows from columns and their names."""

from __future__ import annotations

import msgspec
import pytest

from collectors.batches.records import InvalidLine
from collectors.parsers.fields import ByteCount, Seconds, Status
from collectors.parsers.named_columns import NamedColumns


class Row(msgspec.Struct):
    status: Status
    body: ByteCount
    took: Seconds | None = None
    agent: str = ""


ROWS = NamedColumns(("status", "other", "body", "took", "agent"), Row)


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (["206", "x", "512", "0.5", "Player"], Row(status=206, body=512, took=0.5, agent="Player")),
        (["206", "x", "512", "-", "(null)"], Row(status=206, body=512)),
        (["206", "-", "512", "", ""], Row(status=206, body=512)),
        (["206", "x", "512", "1", "Player", "new"], Row(status=206, body=512, took=1.0, agent="Player")),
    ],
    ids=["all", "nulls", "empty", "more columns than names"],
)
def test_columns_are_read_by_name_and_type(columns: list[str], row: Row) -> None:
    assert ROWS.row(columns) == row


@pytest.mark.parametrize(
    "columns",
    [
        ["-", "x", "512", "-", "-"],
        ["206", "x", "", "-", "-"],
        ["206", "x", "many", "-", "-"],
        ["1000", "x", "512", "-", "-"],
        ["206", "x", "512", "-1", "-"],
    ],
    ids=["null", "empty", "no number", "out of range", "negative"],
)
def test_columns_that_do_not_fit_are_rejected(columns: list[str]) -> None:
    with pytest.raises(InvalidLine) as caught:
        ROWS.row(columns)
    assert caught.value.reason == "bad-field"
