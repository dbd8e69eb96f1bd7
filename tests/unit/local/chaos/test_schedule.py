"""The schedule of a drill follows from its seed, and leaves out no kind of fault."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.chaos.schedule import Kind, draw, whole

KINDS = [
    *(Kind(name=f"kill-{name}") for name in ("redis", "broker", "collector")),
    Kind(name="kill-before-commit", at_least=5),
    Kind(name="expire", once=True),
]
WHOLE = 9


def test_a_whole_drill_has_every_kind_as_often_as_it_asks_for() -> None:
    assert whole(KINDS) == WHOLE
    assert Counter(draw(KINDS, WHOLE, seed=1)) == {
        "kill-redis": 1,
        "kill-broker": 1,
        "kill-collector": 1,
        "kill-before-commit": 5,
        "expire": 1,
    }


@given(st.integers(), st.integers(0, 40))
def test_the_same_seed_draws_the_same_faults(seed: int, count: int) -> None:
    assert draw(KINDS, count, seed) == draw(KINDS, count, seed)


def test_another_seed_draws_another_order() -> None:
    assert len({tuple(draw(KINDS, 30, seed)) for seed in range(20)}) == 20


@given(st.integers(), st.integers(0, 60))
def test_there_are_as_many_faults_as_asked_for(seed: int, count: int) -> None:
    assert len(draw(KINDS, count, seed)) == count


@given(st.integers(), st.integers(WHOLE, 60))
def test_above_a_whole_drill_every_kind_is_there_often_enough_and_what_is_once_is_once(seed: int, count: int) -> None:
    drawn = Counter(draw(KINDS, count, seed))
    assert all(drawn[kind.name] >= kind.at_least for kind in KINDS)
    assert drawn["expire"] == 1


@given(st.integers(), st.integers(0, len(KINDS)))
def test_below_the_number_of_kinds_none_comes_twice(seed: int, count: int) -> None:
    assert len(set(draw(KINDS, count, seed))) == count


@pytest.mark.parametrize("count", range(len(KINDS), WHOLE))
def test_between_the_two_every_kind_is_there(count: int) -> None:
    assert set(draw(KINDS, count, seed=3)) == {kind.name for kind in KINDS}
