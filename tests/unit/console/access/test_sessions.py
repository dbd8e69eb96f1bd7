"""Sessions: found by their secret until they end, which they do."""

from __future__ import annotations

import pytest

from console.access import sessions
from console.access.sessions import LIFETIME_S, Sessions
from console.access.tokens import Principal

OLGA, OTTO = Principal(name="olga", environments=None), Principal(name="otto", environments=None)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_session_is_found_by_its_secret_and_by_no_other() -> None:
    known = Sessions()
    olga, otto = known.begin(OLGA), known.begin(OTTO)
    assert [known.find(secret) for secret in (olga, otto, "", "another", olga.swapcase())] == [
        OLGA,
        OTTO,
        None,
        None,
        None,
    ]


def test_a_session_ends_after_its_lifetime() -> None:
    clock = Clock()
    known = Sessions(clock)
    secret = known.begin(OLGA)
    clock.now_s = LIFETIME_S - 1
    assert known.find(secret) is OLGA
    clock.now_s = LIFETIME_S
    assert known.find(secret) is None


def test_a_session_that_was_ended_is_gone_and_may_be_ended_again() -> None:
    known = Sessions()
    olga, otto = known.begin(OLGA), known.begin(OTTO)
    known.end(olga)
    known.end(olga)
    assert (known.find(olga), known.find(otto)) == (None, OTTO)


def test_the_oldest_session_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST", 2)
    known = Sessions()
    secrets = [known.begin(OLGA) for _ in range(3)]
    assert [known.find(secret) for secret in secrets] == [None, OLGA, OLGA]


def test_no_secret_is_kept() -> None:
    known = Sessions()
    secret = known.begin(OLGA)
    assert secret not in repr(vars(known))
