"""Rates of a source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.limits.pace import Pace


class Seconds:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_there_is_never_a_wait() -> None:
    pace = Pace()
    pace.pay(lines=10**9, size=10**12)
    assert (pace.is_limited, pace.wait_s()) == (False, 0.0)


def test_ten_seconds_worth_may_come_at_once_and_what_is_beyond_is_owed() -> None:
    clock = Seconds()
    pace = Pace(max_lines_per_s=100, clock=clock)
    pace.pay(lines=1_000, size=0)
    assert pace.wait_s() == 0
    pace.pay(lines=250, size=0)
    assert pace.wait_s() == 2.5
    clock.now += 2
    assert pace.wait_s() == 0.5
    clock.now += 0.5
    assert pace.wait_s() == 0


@pytest.mark.parametrize(("lines", "size", "wait_s"), [(20, 0, 1.0), (0, 200, 1.0), (20, 300, 2.0), (10, 100, 0.0)])
def test_the_longer_of_both_waits_counts(lines: int, size: int, wait_s: float) -> None:
    pace = Pace(max_lines_per_s=1, max_bytes_per_s=10, clock=Seconds())
    pace.pay(lines=10, size=100)
    pace.pay(lines=lines - 10, size=size - 100)
    assert pace.wait_s() == pytest.approx(wait_s * 10 if wait_s else 0.0)


def test_a_source_that_was_silent_for_long_has_no_more_than_its_burst() -> None:
    clock = Seconds()
    pace = Pace(max_bytes_per_s=10, clock=clock)
    clock.now += 1_000_000
    pace.pay(lines=1, size=200)
    assert pace.wait_s() == 10


@given(st.lists(st.tuples(st.integers(0, 2_000), st.floats(0, 30)), max_size=50))
def test_who_waits_as_told_never_sends_faster_than_the_rate_and_its_burst(
    deliveries: list[tuple[int, float]],
) -> None:
    clock = Seconds()
    pace = Pace(max_lines_per_s=100, clock=clock)
    sent = 0
    for lines, pause in deliveries:
        clock.now += pause + pace.wait_s()
        assert pace.wait_s() == pytest.approx(0, abs=1e-6)
        assert sent <= (clock.now - 1_000) * 100 + 1_000 + 1e-6
        pace.pay(lines=lines, size=0)
        sent += lines
