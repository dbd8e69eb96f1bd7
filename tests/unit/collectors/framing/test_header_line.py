"""Files that start with a line of column names."""

from __future__ import annotations

import pytest

from collectors.framing.errors import InvalidBody
from collectors.framing.header_line import without_header

HEADER = b"time,status"


def is_header(line: bytes) -> bool:
    return line == HEADER


def test_the_line_of_names_is_taken_off_and_gets_no_number() -> None:
    assert without_header([HEADER, b"1,200", b"2,404"], is_header) == [b"1,200", b"2,404"]


def test_a_file_of_names_alone_holds_no_lines() -> None:
    assert without_header([HEADER], is_header) == []


def test_only_the_first_line_is_a_header() -> None:
    assert without_header([HEADER, b"1,200", HEADER], is_header) == [b"1,200", HEADER]


@pytest.mark.parametrize(
    "lines", [[b"1,200"], [b"status,time", b"200,1"], [b"1,200", HEADER], []], ids=["none", "other", "late", "empty"]
)
def test_a_file_that_does_not_start_with_the_names_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(InvalidBody, match="first line"):
        without_header(lines, is_header)


@pytest.mark.parametrize("lines", [[], [b"1,200"], [HEADER]], ids=["empty", "line", "names"])
def test_sources_without_a_header_keep_every_line(lines: list[bytes]) -> None:
    assert without_header(lines, None) == lines
