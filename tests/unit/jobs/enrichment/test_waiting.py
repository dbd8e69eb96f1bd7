from __future__ import annotations

import pytest

from jobs.enrichment.waiting import WaitClock


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_counts_while_it_goes_on() -> None:
    clock = Clock()
    waits = WaitClock(clock)
    clock.now = 101
    with waits:
        clock.now = 103
        assert waits.total_ms() == 2000
    clock.now = 110
    assert waits.total_ms() == 2000


def test_waits_at_the_same_time_count_once() -> None:
    clock = Clock()
    waits = WaitClock(clock)
    with waits:
        clock.now = 101
        with waits:
            clock.now = 102
        clock.now = 104
    with waits:
        clock.now = 105
    assert waits.total_ms() == 5000


def test_a_wait_that_ends_in_an_error_has_ended() -> None:
    clock = Clock()
    waits = WaitClock(clock)

    def give_up() -> None:
        with waits:
            clock.now = 101
            raise TimeoutError

    with pytest.raises(TimeoutError):
        give_up()
    clock.now = 105
    assert waits.total_ms() == 1000
