"""Delays, newest and oldest of many events at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.event_times import DELAY_BOUNDS_S, EventTimes

NOW = 1_795_417_260_000
HOUR = 3_600_000

times = st.lists(st.integers(min_value=NOW - 80 * HOUR, max_value=NOW + HOUR // 12), max_size=50)


def of(*event_times_ms: int) -> EventTimes:
    events = EventTimes()
    events.add(NOW, event_times_ms)
    return events


def test_events_of_a_delivery_are_counted_by_their_delay() -> None:
    assert of(NOW - 90_000, NOW - 500, NOW - 1_000, NOW + 60_000, NOW - 50 * HOUR) == EventTimes(
        newest_ms=NOW + 60_000,
        oldest_ms=NOW - 50 * HOUR,
        within=[3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5],
        delay_sum_ms=90_000 + 500 + 1_000 - 60_000 + 50 * HOUR,
    )


@pytest.mark.parametrize(
    ("delay_ms", "bound"),
    [(-300_000, 1), (0, 1), (1_000, 1), (1_001, 2), (172_800_000, 172_800), (172_800_001, float("inf"))],
    ids=["ahead of our clock", "none", "on a bound", "above it", "on the last bound", "above all"],
)
def test_a_delay_is_told_as_the_bound_it_keeps(delay_ms: int, bound: float) -> None:
    assert of(NOW - delay_ms).delay_quantile_s(0.5) == bound


def test_nothing_has_neither_times_nor_delays() -> None:
    assert of() == EventTimes()
    assert (of().newest_ms, of().count, of().delay_quantile_s(0.5)) == (None, 0, None)


@pytest.mark.parametrize(("share", "bound"), [(0.0, 1), (0.5, 1), (0.51, 60), (0.99, 60), (1.0, 60)])
def test_a_quantile_is_the_bound_that_this_share_keeps(share: float, bound: float) -> None:
    assert of(NOW, NOW - 45_000).delay_quantile_s(share) == bound


@given(times)
def test_counts_agree_with_counting_one_by_one(event_times_ms: list[int]) -> None:
    delays_s = [(NOW - moment) / 1_000 for moment in event_times_ms]
    bounds = (*DELAY_BOUNDS_S, float("inf"))
    events = of(*event_times_ms)
    assert events.within == [sum(delay <= bound for delay in delays_s) for bound in bounds]
    assert events.newest_ms == max(event_times_ms, default=None)
    assert events.oldest_ms == min(event_times_ms, default=None)


@given(times, times)
def test_events_of_two_deliveries_add_up_in_any_order(one: list[int], other: list[int]) -> None:
    forth, back = of(*one), of(*other)
    forth.merge(of(*other))
    back.merge(of(*one))
    assert forth == back
    assert forth.within == of(*one, *other).within
