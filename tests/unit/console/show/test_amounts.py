"""Amounts: exact where they are billed, honest where they are rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.show import amounts


@pytest.mark.parametrize(
    ("ms", "seconds", "minutes", "shown"),
    [
        (0, "0.000", "0.000000", "0.00"),
        (1, "0.001", "0.000017", "0.00"),
        (300, "0.300", "0.005000", "0.01"),
        (20_000, "20.000", "0.333333", "0.33"),
        (59_700, "59.700", "0.995000", "1.00"),
        (60_000, "60.000", "1.000000", "1.00"),
        (1_455_611_274, "1455611.274", "24260.187900", "24,260.19"),
        (-500, "-0.500", "-0.008333", "-0.01"),
        (2**62, "4611686018427387.904", "76861433640456.465067", "76,861,433,640,456.47"),
    ],
)
def test_time_is_shown_without_a_float_in_between(ms: int, seconds: str, minutes: str, shown: str) -> None:
    assert (str(amounts.seconds(ms)), str(amounts.minutes(ms)), amounts.show_minutes(ms)) == (seconds, minutes, shown)


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_seconds_are_exact_and_minutes_within_half_a_place(ms: int) -> None:
    assert amounts.seconds(ms) * 1_000 == ms
    assert abs(amounts.minutes(ms) * 60_000 - ms) <= Decimal("0.03")


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_250_000, "1.3 MB"),
        (999_999_999, "1,000.0 MB"),
        (1_219_100_000_000, "1.2 TB"),
        (10**22, "10,000.0 EB"),
        (-2_000, "-2.0 kB"),
    ],
)
def test_bytes_are_shown_in_powers_of_a_thousand(count: int, shown: str) -> None:
    assert amounts.show_bytes(count) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "-"),
        (0, 7, "0.0 %"),
        (1, 3, "33.3 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
        (7, 7, "100.0 %"),
    ],
)
def test_a_share_is_nothing_or_all_only_where_it_is(part: int, whole: int, shown: str) -> None:
    assert amounts.show_share(part, whole) == shown


@pytest.mark.parametrize(("part", "whole", "length"), [(0, 0, 0), (0, 5, 0), (1, 10**9, 1), (1, 3, 333), (5, 5, 1_000)])
def test_what_is_there_has_a_bar(part: int, whole: int, length: int) -> None:
    assert amounts.permille(part, whole) == length
