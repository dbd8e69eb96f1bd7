"""Text to lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.lines import split_lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"", []),
        (b"\n\r\n \t\n", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\nb", [b"a", b"b"]),
        (b"a\n\nb\n\n", [b"a", b"b"]),
        (b"\ta\t\n", [b"\ta\t"]),
        (b"a\rb\n", [b"a\rb"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"]),
    ],
    ids=["empty", "blank", "lf", "crlf, no last end", "blank between", "tabs stay", "a cr inside", "byte order mark"],
)
def test_lines_of_a_body(body: bytes, lines: list[bytes]) -> None:
    assert split_lines(body) == lines


@given(st.lists(st.binary(min_size=1).filter(lambda line: line.strip() and not set(line) & set(b"\r\n\xef"))))
def test_joined_lines_come_apart_again(lines: list[bytes]) -> None:
    assert split_lines(b"\n".join(lines)) == lines
    assert split_lines(b"\r\n".join(lines) + b"\r\n") == lines
