"""Body bytes from totals with headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsers.body_estimate import body_of_total, range_length

_SIZES = st.integers(min_value=0, max_value=2**53)


@pytest.mark.parametrize(
    ("total", "expected", "is_http1", "body"),
    [
        (1_048_976, 1_048_576, True, 1_048_576),
        (1_048_576, 1_048_576, True, 1_048_576),
        (1_048_575, 1_048_576, False, 1_048_275),
        (1_048_575, 1_048_576, True, 1_047_975),
        (1_048_976, None, True, 1_048_376),
        (1_048_976, None, False, 1_048_676),
        (300, None, False, 0),
        (0, 5, True, 0),
        (0, 0, True, 0),
        (400, 0, True, 0),
    ],
    ids=[
        "whole",
        "whole without headers",
        "cut off over HTTP/2",
        "cut off over HTTP/1",
        "of unknown size over HTTP/1",
        "of unknown size over HTTP/2",
        "headers only",
        "nothing",
        "nothing expected and nothing sent",
        "nothing expected",
    ],
)
def test_a_total_is_a_whole_body_or_less_an_allowance(
    total: int, expected: int | None, is_http1: bool, body: int
) -> None:
    assert body_of_total(total, expected, is_http1=is_http1) == body


@given(total=_SIZES, expected=st.none() | _SIZES, is_http1=st.booleans())
def test_an_estimate_is_never_more_than_was_sent_or_expected(total: int, expected: int | None, is_http1: bool) -> None:
    body = body_of_total(total, expected, is_http1=is_http1)
    assert 0 <= body <= (total if expected is None else min(total, expected))


@given(total=_SIZES, more=_SIZES, expected=st.none() | _SIZES, is_http1=st.booleans())
def test_more_bytes_sent_are_never_fewer_bytes_of_body(
    total: int, more: int, expected: int | None, is_http1: bool
) -> None:
    assert body_of_total(total, expected, is_http1=is_http1) <= body_of_total(total + more, expected, is_http1=is_http1)


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [(0, 0, 1), (10, 19, 10), (9, 5, 0), (None, 5, None), (5, None, None), (None, None, None)],
)
def test_a_range_has_both_of_its_ends(first: int | None, last: int | None, length: int | None) -> None:
    assert range_length(first, last) == length
