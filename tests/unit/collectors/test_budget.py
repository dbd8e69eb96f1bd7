"""Bytes in flight are bounded and given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.budget import ByteBudget, OutOfMemoryBudget


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
