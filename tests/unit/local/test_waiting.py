"""Awaiting a condition."""

from __future__ import annotations

import time

import pytest

from local.waiting import until


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here waits for real: the clock goes on by itself."""
    now = iter(range(1_000_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_the_first_true_value_is_returned() -> None:
    values = iter([None, "", "here", "later"])
    assert until(lambda: next(values), "a value", 60) == "here"


def test_a_condition_that_holds_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("slept"))
    assert until(lambda: True, "nothing", 0) is True


def test_a_deadline_tells_what_was_waited_for_and_how_far_it_got() -> None:
    with pytest.raises(TimeoutError, match=r"^waited 5 s for three slots: still 0$"):
        until(lambda: 0, "three slots", 5)


def test_an_answer_must_hold() -> None:
    answers = iter([3, 1, 4, 1, 5])
    assert until(lambda: next(answers), "more than three", 60, holds=lambda answer: answer > 3) == 4
