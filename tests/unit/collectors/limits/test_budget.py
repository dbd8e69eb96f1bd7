"""Bytes in flight are bounded and given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.limits.budget import ByteBudget, OutOfMemoryBudget


def test_reservations_share_the_budget() -> None:
    budget = ByteBudget(10)
    with budget.reservation() as one, budget.reservation() as other:
        one.grow(6)
        other.grow(4)
        with pytest.raises(OutOfMemoryBudget, match="10 of 10"):
            one.grow(1)
        assert budget.used == 10
    assert budget.used == 0


def test_bytes_come_back_when_a_delivery_fails() -> None:
    budget = ByteBudget(10)

    def fail() -> None:
        with budget.reservation() as reservation:
            reservation.grow(10)
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        fail()
    assert budget.used == 0


@given(st.lists(st.integers(min_value=0, max_value=30)))
def test_the_limit_is_never_passed(sizes: list[int]) -> None:
    budget = ByteBudget(100)
    with budget.reservation() as reservation:
        for size in sizes:
            try:
                reservation.grow(size)
            except OutOfMemoryBudget:
                assert budget.used + size > 100
            assert budget.used <= 100
    assert budget.used == 0


def test_bytes_that_are_here_already_are_taken_beyond_the_limit() -> None:
    budget = ByteBudget(100)
    budget.take_unasked(150)
    assert (budget.is_full, budget.used) == (True, 150)
    with pytest.raises(OutOfMemoryBudget):
        budget.take(1)


def test_who_waits_for_room_is_called_once_as_soon_as_there_is_some() -> None:
    budget = ByteBudget(100)
    budget.take_unasked(150)
    calls: list[str] = []

    def on_room() -> None:
        calls.append("room")

    budget.when_room(on_room)
    budget.when_room(on_room)
    budget.give_back(50)
    assert calls == []
    budget.give_back(1)
    budget.give_back(1)
    assert calls == ["room"]


def test_who_fills_it_again_and_waits_again_is_called_again() -> None:
    budget = ByteBudget(100)
    calls: list[int] = []

    def refill() -> None:
        calls.append(budget.used)
        budget.take_unasked(100)
        if len(calls) < 3:
            budget.when_room(refill)

    budget.take(100)
    budget.when_room(refill)
    for _ in range(5):
        budget.give_back(100)
    assert calls == [0, 0, 0]
