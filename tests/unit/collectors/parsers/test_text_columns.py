"""Columns of a text line."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine
from collectors.parsers.text_columns import columns_of


@pytest.mark.parametrize(
    ("line", "separator", "quote", "columns"),
    [
        (b"a\tb\t\tc", "\t", "", ["a", "b", "", "c"]),
        (b'a\t"b', "\t", "", ["a", '"b']),
        (b'a|"b|c"|d', "|", '"', ["a", "b|c", "d"]),
        (b'"a" "-" "GET / HTTP/1.1"', " ", '"', ["a", "-", "GET / HTTP/1.1"]),
        (b'a,"say ""hi""",c', ",", '"', ["a", 'say "hi"', "c"]),
        (b'a|b"c|d', "|", '"', ["a", 'b"c', "d"]),
        (b"'a;b';c", ";", "'", ["a;b", "c"]),
        (b"a,\xff,c", ",", '"', ["a", "\N{REPLACEMENT CHARACTER}", "c"]),
        (b"", ",", '"', []),
        (b"", "\t", "", [""]),
    ],
    ids=["tabs", "no quotes", "pipes", "spaces", "doubled", "inside", "others", "not UTF-8", "empty", "one empty"],
)
def test_quotes_hold_separators_together(line: bytes, separator: str, quote: str, columns: list[str]) -> None:
    assert columns_of(line, separator=separator, quote=quote) == columns


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n\0", codec="utf-8")), min_size=2))
def test_what_a_csv_writer_writes_reads_back(columns: list[str]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(columns)
    assert columns_of(written.getvalue().encode(), separator=",", quote='"') == columns


@given(line=st.binary(), separator=st.sampled_from("\t ,;|"), quote=st.sampled_from(["", '"', "'"]))
def test_any_line_is_columns_or_a_reject(line: bytes, separator: str, quote: str) -> None:
    with suppress(InvalidLine):
        assert all(isinstance(column, str) for column in columns_of(line, separator=separator, quote=quote))


def test_a_column_beyond_what_the_reader_takes_is_a_reject() -> None:
    with pytest.raises(InvalidLine, match="no row of columns"):
        columns_of(b"a," + b"b" * 200_000, separator=",", quote='"')
