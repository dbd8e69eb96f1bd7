from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Iterator

import pytest

from jobs.enrichment.cache import AssetCache, CachePolicy
from jobs.enrichment.lookup import LookupCounts, LookupUnavailable
from jobs.enrichment.resolver import AssetResolver, BackgroundLoop
from schemas.cdn_logs_pb2 import AssetSettings

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, stale_s=1000, jitter=0)


class Lookup:
    """Answers at once, or when `gate` is set; fails while `down`."""

    def __init__(self) -> None:
        self.asked: list[tuple[set[str], int]] = []
        self.counts = LookupCounts()
        self.gate = threading.Event()
        self.gate.set()
        self.down = False

    async def fetch(self, asset_ids: Collection[str], not_before_ms: int = 0) -> dict[str, AssetSettings]:
        self.asked.append((set(asset_ids), not_before_ms))
        await asyncio.to_thread(self.gate.wait, 5)
        if self.down:
            raise LookupUnavailable("down")
        number = len(self.asked)
        return {asset_id: AssetSettings(asset_id=asset_id, read_at_ms=number) for asset_id in asset_ids}


class Harness:
    def __init__(self, loop: BackgroundLoop, read_since_ms: int = 0) -> None:
        self.now = 0.0
        self.lookup = Lookup()
        self.loop = loop
        self.resolver = AssetResolver(AssetCache(POLICY, lambda: self.now), self.lookup, loop, read_since_ms)  # type: ignore[arg-type]  # a fake

    def read_at(self, *asset_ids: str) -> dict[str, int]:
        return {key: asset.read_at_ms for key, asset in self.resolver.assets(set(asset_ids)).items()}

    def finish_refreshes(self) -> None:
        """Let what was submitted so far run to its end."""
        for refresh in list(self.resolver._refreshes.values()):
            refresh.exception(timeout=5)


@pytest.fixture
def harness() -> Iterator[Harness]:
    loop = BackgroundLoop()
    yield Harness(loop)
    loop.stop()


def test_what_is_in_memory_is_not_looked_up_again(harness: Harness) -> None:
    assert harness.read_at("a1", "a2") == {"a1": 1, "a2": 1}
    assert harness.read_at("a1", "a2") == {"a1": 1, "a2": 1}
    assert harness.lookup.asked == [({"a1", "a2"}, 0)]


def test_only_what_is_missing_is_looked_up(harness: Harness) -> None:
    harness.read_at("a1")
    harness.read_at("a1", "a2")
    assert harness.lookup.asked == [({"a1"}, 0), ({"a2"}, 0)]
    totals = harness.resolver.totals()
    assert (totals["asset_cache_hits"](), totals["asset_cache_misses"]()) == (1, 2)


def test_a_stale_entry_serves_while_it_is_refreshed_once(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now = 150
    harness.lookup.gate.clear()
    assert [harness.read_at("a1") for _ in range(3)] == [{"a1": 1}] * 3
    harness.lookup.gate.set()
    harness.finish_refreshes()
    assert harness.read_at("a1") == {"a1": 2}
    assert len(harness.lookup.asked) == 2


def test_a_stale_entry_serves_on_when_its_refresh_fails(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now = 150
    harness.lookup.down = True
    assert harness.read_at("a1") == {"a1": 1}
    harness.finish_refreshes()
    assert harness.read_at("a1") == {"a1": 1}
    harness.lookup.down = False
    harness.finish_refreshes()
    harness.read_at("a1")
    harness.finish_refreshes()
    assert harness.read_at("a1")["a1"] > 1


def test_reading_again_passes_memory_and_renews_it(harness: Harness) -> None:
    harness.read_at("a1")
    assert harness.resolver.read_again({"a1"}, 42)["a1"].read_at_ms == 2
    assert harness.lookup.asked[-1] == ({"a1"}, 42)
    assert harness.read_at("a1") == {"a1": 2}


def test_what_was_read_too_early_is_not_believed_wherever_it_is_cached() -> None:
    loop = BackgroundLoop()
    harness = Harness(loop, read_since_ms=7)
    harness.read_at("a1")
    harness.now = 150
    harness.read_at("a1")
    harness.finish_refreshes()
    assert harness.lookup.asked == [({"a1"}, 7), ({"a1"}, 7)]
    loop.stop()


def test_an_unknown_asset_without_database_is_an_error_of_the_job(harness: Harness) -> None:
    harness.lookup.down = True
    with pytest.raises(LookupUnavailable):
        harness.read_at("a1")
