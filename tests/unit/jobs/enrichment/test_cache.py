from __future__ import annotations

import pytest

from jobs.enrichment.assets import Asset
from jobs.enrichment.cache import AssetCache, CachePolicy, Freshness
from jobs.enrichment.floors import Floors

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, spare_s=1000, refresh_from=0.6, refresh_to=0.8, max_entries=2)


class Clock:
    """Epoch milliseconds, set in seconds."""

    def __init__(self) -> None:
        self.now_s = 0

    def __call__(self) -> int:
        return self.now_s * 1000


def asset(asset_id: str, absent: bool = False, read_at_s: int = 0) -> Asset:
    return Asset(asset_id, {}, read_at_s * 1000, absent)


def cache(clock: Clock, chance: float = 1.0, floors: Floors | None = None) -> AssetCache:
    return AssetCache(POLICY, clock, floors or Floors(), lambda: chance)


@pytest.mark.parametrize(
    ("age_s", "absent", "chance", "expected"),
    [
        pytest.param(0, False, 0.0, Freshness.FRESH, id="just read"),
        pytest.param(79, False, 1.0, Freshness.FRESH, id="before its refresh"),
        pytest.param(80, False, 1.0, Freshness.AGEING, id="to be refreshed, at the latest"),
        pytest.param(60, False, 0.0, Freshness.AGEING, id="to be refreshed, at the earliest"),
        pytest.param(99, False, 0.0, Freshness.AGEING, id="within its time to live"),
        pytest.param(100, False, 0.0, Freshness.SPARE, id="past it, the database being down"),
        pytest.param(999, False, 0.0, Freshness.SPARE, id="long past it, the database being down"),
        pytest.param(1000, False, 0.0, Freshness.MISSING, id="too old to be used at all"),
        pytest.param(9, True, 0.0, Freshness.FRESH, id="negative entry"),
        pytest.param(10, True, 0.0, Freshness.MISSING, id="negative entry is never old"),
    ],
)
def test_an_entry_ages_from_its_reading_on(age_s: int, absent: bool, chance: float, expected: Freshness) -> None:
    clock = Clock()
    entries = cache(clock, chance)
    clock.now_s = age_s
    entries.put(asset("a1", absent, read_at_s=0))
    found, freshness = entries.get("a1")
    assert freshness is expected
    assert (found is None) == (expected is Freshness.MISSING)


def test_what_was_never_put_is_missing() -> None:
    assert cache(Clock()).get("a1") == (None, Freshness.MISSING)


def test_an_entry_read_before_its_floor_is_missing() -> None:
    floors = Floors()
    entries = cache(Clock(), floors=floors)
    entries.put(asset("a1", read_at_s=7))
    floors.raise_one("a1", 7000)
    assert entries.get("a1")[1] is Freshness.FRESH
    floors.raise_one("a1", 7001)
    assert entries.get("a1") == (None, Freshness.MISSING)


def test_the_least_recently_used_entry_is_evicted() -> None:
    entries = cache(Clock())
    for asset_id in ("a1", "a2"):
        entries.put(asset(asset_id))
    entries.get("a1")
    entries.put(asset("a3"))
    assert [entries.get(asset_id)[1] for asset_id in ("a1", "a2", "a3")] == [
        Freshness.FRESH,
        Freshness.MISSING,
        Freshness.FRESH,
    ]
    assert len(entries) == 2


def test_assets_of_many_segments_are_fewer() -> None:
    entries = AssetCache(CachePolicy(max_segments=10), Clock(), Floors())
    for asset_id, segments in (("a1", 4), ("a2", 4), ("a2", 6), ("a3", 2)):
        entries.put(Asset(asset_id, {}, 0, segments=segments))
    assert [entries.get(asset_id)[1] for asset_id in ("a1", "a2", "a3")] == [
        Freshness.MISSING,
        Freshness.FRESH,
        Freshness.FRESH,
    ]
    entries.put(Asset("a4", {}, 0, segments=11))
    assert len(entries) == 0


def test_a_refreshed_entry_lives_anew() -> None:
    clock = Clock()
    entries = cache(clock)
    entries.put(asset("a1", read_at_s=0))
    entries.put(asset("a1", read_at_s=90))
    clock.now_s = 169
    assert entries.get("a1")[1] is Freshness.FRESH


def test_what_a_cache_takes_from_another_is_younger_than_any_refresh() -> None:
    assert POLICY.young_s == POLICY.ttl_s * POLICY.refresh_from
