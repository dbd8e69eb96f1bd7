from __future__ import annotations

import pytest

from jobs.enrichment.assets import Asset
from jobs.enrichment.cache import AssetCache, CachePolicy, Freshness

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, stale_s=1000, jitter=0.2, max_entries=2)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def asset(asset_id: str, absent: bool = False) -> Asset:
    return Asset(asset_id, {}, 0, absent)


def cache(clock: Clock, chance: float = 0.0) -> AssetCache:
    return AssetCache(POLICY, clock, lambda: chance)


@pytest.mark.parametrize(
    ("age_s", "absent", "chance", "expected"),
    [
        pytest.param(0, False, 0.0, Freshness.FRESH, id="just read"),
        pytest.param(99, False, 0.0, Freshness.FRESH, id="before its time to live"),
        pytest.param(100, False, 0.0, Freshness.STALE, id="after its time to live: usable while refreshed"),
        pytest.param(80, False, 1.0, Freshness.STALE, id="jitter shortens the time to live"),
        pytest.param(1099, False, 0.0, Freshness.STALE, id="stale for long, the database being down"),
        pytest.param(1100, False, 0.0, Freshness.MISSING, id="too old to be used"),
        pytest.param(9, True, 0.0, Freshness.FRESH, id="negative entry"),
        pytest.param(10, True, 0.0, Freshness.MISSING, id="negative entry is never stale"),
    ],
)
def test_an_entry_ages(age_s: float, absent: bool, chance: float, expected: Freshness) -> None:
    clock = Clock()
    entries = cache(clock, chance)
    entries.put(asset("a1", absent))
    clock.now = age_s
    found, freshness = entries.get("a1")
    assert freshness is expected
    assert (found is None) == (expected is Freshness.MISSING)


def test_what_was_never_put_is_missing() -> None:
    assert cache(Clock()).get("a1") == (None, Freshness.MISSING)


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


def test_a_refreshed_entry_lives_anew() -> None:
    clock = Clock()
    entries = cache(clock)
    entries.put(asset("a1"))
    clock.now = 150
    entries.put(asset("a1"))
    clock.now = 249
    assert entries.get("a1")[1] is Freshness.FRESH
