"""The rate of each token, by a clock of the test."""

from __future__ import annotations

from console.access.rate import RateLimit


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_ten_seconds_worth_come_at_once_and_then_one_at_a_time() -> None:
    clock = Clock()
    limit = RateLimit(0.5, clock)
    waits = [limit.wait_s("acme") for _ in range(8)]
    assert waits == [0, 0, 0, 0, 0, 0, 2, 2]  # the sixth is on credit
    clock.now_s = 2.0
    assert [limit.wait_s("acme") for _ in range(2)] == [0, 2]


def test_who_waits_pays_nothing_for_asking() -> None:
    clock = Clock()
    limit = RateLimit(0.5, clock)
    for _ in range(100):
        limit.wait_s("acme")
    clock.now_s = 2.0
    assert limit.wait_s("acme") == 0


def test_each_name_has_its_own_rate() -> None:
    limit = RateLimit(0.1, Clock())
    assert [limit.wait_s(name) for name in ("acme", "acme", "acme", "other")] == [0, 0, 10, 0]
