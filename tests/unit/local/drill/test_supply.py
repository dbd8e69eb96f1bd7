"""What is delivered: lines that collectors read as new ones each time, with the bill that they must come to."""

from __future__ import annotations

from collections import Counter

import pytest

from local.drill import supply as supplying
from local.drill.account import Delivery
from local.drill.supply import OLDEST_MS, Supply, draw_stencils
from local.traffic import catalogue
from local.traffic.events import Cdn
from local.traffic.oracle import HOUR_MS

NOW_MS = 1_763_900_000_000
ASSETS = catalogue.build(seed=1, count=20).registered
STENCILS = draw_stencils(ASSETS, seed=1, lines=60)
SECRETS = {cdn: f"a-secret-of-{cdn}" for cdn in Cdn}


def supply(seed: int = 1) -> Supply:
    return Supply(STENCILS, SECRETS, lambda: NOW_MS, seed)


def deliveries(count: int, seed: int = 1) -> list[Delivery]:
    made = supply(seed)
    return [made.next() for _ in range(count)]


def test_there_are_stencils_of_every_cdn() -> None:
    assert Counter(stencil.cdn for stencil in STENCILS) == dict.fromkeys(Cdn, 6)


def test_every_cdn_delivers() -> None:
    assert {delivery.cdn for delivery in deliveries(60)} == set(Cdn)


def test_numbers_and_bodies_are_new_each_time() -> None:
    made = deliveries(50)
    assert [delivery.number for delivery in made] == list(range(1, 51))
    assert len({delivery.wire.body for delivery in made}) == 50


def test_the_same_seed_makes_the_same_deliveries_and_another_seed_others() -> None:
    assert deliveries(5, seed=3) == deliveries(5, seed=3)
    assert deliveries(5, seed=3) != deliveries(5, seed=4)


def test_bills_are_of_now_of_the_last_hours_and_of_beyond_the_horizon() -> None:
    hours = sorted({key.hour_ms for delivery in deliveries(400) for key in delivery.bill})
    assert hours[0] < NOW_MS - 49 * HOUR_MS
    assert hours[0] >= NOW_MS - OLDEST_MS
    assert hours[-1] == NOW_MS - NOW_MS % HOUR_MS
    assert len(hours) > 10


def test_no_two_deliveries_of_one_stencil_are_of_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplying, "_AGES", ((range(2), 1),))
    made = supply()
    for _ in range(300):
        made.next()
    assert sum(map(len, made._shifts.values())) == 300
