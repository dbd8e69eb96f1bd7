from __future__ import annotations

from jobs.enrichment.holes import Holes


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_asked_for_in_vain_is_not_worth_asking_for_a_while() -> None:
    clock = Clock()
    holes: Holes[str] = Holes(15, clock)
    assert holes.worth_asking({"s1", "s2"}) == {"s1", "s2"}
    holes.add({"s1"})
    clock.now = 14
    assert holes.worth_asking({"s1", "s2"}) == {"s2"}
    clock.now = 15
    assert holes.worth_asking({"s1", "s2"}) == {"s1", "s2"}


def test_at_the_limit_all_are_forgotten() -> None:
    holes: Holes[str] = Holes(15, Clock(), limit=2)
    holes.add({"s1", "s2"})
    holes.add({"s3"})
    assert holes.worth_asking({"s1", "s2", "s3"}) == {"s1", "s2"}
