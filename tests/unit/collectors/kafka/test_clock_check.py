"""The collector's clock against the broker's."""

from __future__ import annotations

import pytest

from collectors.kafka.clock_check import MAX_SKEW_MS, ClockCheck, skew_ms


class StandingClock:
    def now_ms(self) -> int:
        return 1_000_000


class Broker:
    def __init__(self, time_ms: int) -> None:
        self.time_ms = time_ms
        self.asked = 0

    async def broker_time_ms(self) -> int:
        self.asked += 1
        return self.time_ms


@pytest.mark.parametrize(
    ("before", "broker", "after", "skew"),
    [(10, 10, 10, 0), (10, 15, 20, 0), (10, 9, 20, -1), (10, 25, 20, 5)],
    ids=["equal", "between", "behind", "ahead"],
)
def test_skew_is_what_the_time_of_asking_does_not_explain(before: int, broker: int, after: int, skew: int) -> None:
    assert skew_ms(before, broker, after) == skew


@pytest.mark.parametrize(
    ("skew", "complaint"),
    [
        (0, ""),
        (MAX_SKEW_MS, ""),
        (-MAX_SKEW_MS, ""),
        (MAX_SKEW_MS + 1_000, "the broker's clock is +121.0 s from this machine's: synchronise them"),
        (-MAX_SKEW_MS - 1_000, "the broker's clock is -121.0 s from this machine's: synchronise them"),
    ],
)
async def test_two_minutes_are_too_much(skew: int, complaint: str) -> None:
    broker = Broker(1_000_000 + skew)
    assert await ClockCheck(StandingClock(), broker.broker_time_ms).complaint() == complaint


async def test_a_good_clock_is_measured_once_a_minute_and_a_bad_one_every_time() -> None:
    now = [0.0]
    broker = Broker(1_000_000)
    check = ClockCheck(StandingClock(), broker.broker_time_ms, stopwatch=lambda: now[0])
    for now[0] in (1.0, 2.0, 60.0, 62.0):
        await check.complaint()
    assert broker.asked == 2
    broker.time_ms = 0
    for now[0] in (200.0, 201.0):
        assert await check.complaint()
    assert broker.asked == 4
