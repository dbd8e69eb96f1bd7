from __future__ import annotations

from jobs.enrichment.floors import Floors


def test_without_a_floor_everything_is_believed() -> None:
    assert Floors().of("a1") == 0


def test_the_higher_of_the_asset_s_floor_and_that_of_all_counts() -> None:
    floors = Floors(all_ms=10)
    floors.raise_one("a1", 20)
    assert (floors.of("a1"), floors.of("a2")) == (20, 10)
    floors.raise_all(30)
    assert (floors.of("a1"), floors.of("a2")) == (30, 30)


def test_a_floor_is_never_lowered() -> None:
    floors = Floors(all_ms=10)
    floors.raise_one("a1", 20)
    floors.raise_one("a1", 15)
    floors.raise_all(5)
    assert (floors.of("a1"), floors.of("a2")) == (20, 10)


def test_past_the_limit_more_is_disbelieved_never_less() -> None:
    floors = Floors(limit=2)
    for number, asset_id in enumerate(("a1", "a2", "a3"), start=1):
        floors.raise_one(asset_id, number)
    assert [floors.of(asset_id) for asset_id in ("a1", "a2", "a3", "a4")] == [2, 2, 3, 2]
