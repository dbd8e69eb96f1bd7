from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Set

import pytest

from jobs.enrichment.cache import AssetCache, CachePolicy
from jobs.enrichment.floors import Floors
from jobs.enrichment.lookup import LookupCounts, LookupUnavailable
from jobs.enrichment.resolver import AssetResolver, BackgroundLoop
from schemas.cdn_logs_pb2 import AssetSettings

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, spare_s=1000, refresh_from=0.5, refresh_to=0.5)


class Lookup:
    """Reads at the harness's time, at once or when `gate` is set. While `down` it has nothing younger, and raises
    where the caller has nothing older."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.asked: list[tuple[set[str], int]] = []
        self.counts = LookupCounts()
        self.gate = threading.Event()
        self.gate.set()
        self.down = False
        self.away = False

    async def fetch(self, asset_ids: Collection[str], not_before_ms: int = 0) -> dict[str, AssetSettings]:
        self.asked.append((set(asset_ids), not_before_ms))
        await asyncio.to_thread(self.gate.wait, 5)
        if self.down:
            raise LookupUnavailable("down")
        return {asset_id: AssetSettings(asset_id=asset_id, read_at_ms=self.now_ms()) for asset_id in asset_ids}

    async def fetch_or_older(
        self, asset_ids: Collection[str], not_before_ms: int, spares: Set[str]
    ) -> dict[str, AssetSettings]:
        if self.down and set(asset_ids) <= spares:
            self.asked.append((set(asset_ids), not_before_ms))
            return {}
        return await self.fetch(asset_ids, not_before_ms)


class Harness:
    """A resolver whose assets say with `read_at` when they were read, in seconds."""

    def __init__(self, loop: BackgroundLoop) -> None:
        self.now_s = 1000
        self.floors = Floors()
        self.lookup = Lookup(self.now_ms)
        self.ticks = threading.Semaphore(0)
        self.resolver = AssetResolver(
            cache=AssetCache(POLICY, self.now_ms, self.floors),
            lookup=self.lookup,  # type: ignore[arg-type]  # a fake
            loop=loop,
            young_since_ms=lambda: self.now_ms() - 50_000,
            waiting=self.ticks.release,
        )

    def now_ms(self) -> int:
        return self.now_s * 1000

    def read_at(self, *asset_ids: str) -> dict[str, int]:
        return {key: asset.read_at_ms // 1000 for key, asset in self.resolver.assets(set(asset_ids)).items()}

    def finish_refresh(self) -> None:
        """Let the refresh under way run to its end."""
        assert self.resolver._refresh is not None
        self.resolver._refresh.exception(timeout=5)

    def totals(self) -> dict[str, int]:
        return {name: read() for name, read in self.resolver.totals().items() if read()}


@pytest.fixture
def harness() -> Iterator[Harness]:
    loop = BackgroundLoop()
    yield Harness(loop)
    loop.stop()


def test_what_is_in_memory_is_not_looked_up_again(harness: Harness) -> None:
    assert harness.read_at("a1", "a2") == {"a1": 1000, "a2": 1000}
    assert harness.read_at("a1", "a2") == {"a1": 1000, "a2": 1000}
    assert harness.lookup.asked == [({"a1", "a2"}, 950_000)]


def test_only_what_is_missing_is_looked_up(harness: Harness) -> None:
    harness.read_at("a1")
    harness.read_at("a1", "a2")
    assert harness.lookup.asked == [({"a1"}, 950_000), ({"a2"}, 950_000)]
    totals = harness.totals()
    assert (totals["asset_cache_hits"], totals["asset_cache_misses"]) == (1, 2)


def test_an_ageing_entry_serves_while_it_is_refreshed_once(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 1099
    harness.lookup.gate.clear()
    assert [harness.read_at("a1") for _ in range(3)] == [{"a1": 1000}] * 3
    harness.lookup.gate.set()
    harness.finish_refresh()
    assert harness.read_at("a1") == {"a1": 1099}
    assert harness.lookup.asked[1:] == [({"a1"}, 1_049_000)]


def test_past_its_time_to_live_an_entry_is_not_used(harness: Harness) -> None:
    """Contract: a change in the database is seen within the time to live, however seldom an asset is asked for."""
    harness.read_at("a1")
    harness.now_s = 1100
    assert harness.read_at("a1") == {"a1": 1100}


def test_many_ageing_entries_are_refreshed_together_one_query_after_the_other(harness: Harness) -> None:
    assets = {f"a{number}" for number in range(600)}
    harness.read_at(*assets)
    harness.now_s = 1060
    harness.read_at(*assets)
    harness.finish_refresh()
    assert sum(stamp == 1060 for stamp in harness.read_at(*assets).values()) == 500
    harness.finish_refresh()
    assert set(harness.read_at(*assets).values()) == {1060}
    assert [len(asked) for asked, _ in harness.lookup.asked] == [600, 500, 100]


def test_an_ageing_entry_serves_on_when_its_refresh_fails(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 1060
    harness.lookup.down = True
    assert harness.read_at("a1") == {"a1": 1000}
    harness.finish_refresh()
    harness.lookup.down = False
    assert harness.read_at("a1") == {"a1": 1000}
    harness.finish_refresh()
    assert harness.read_at("a1") == {"a1": 1060}


def test_while_the_database_is_down_an_old_entry_serves(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 1999
    harness.lookup.down = True
    assert harness.read_at("a1") == {"a1": 1000}
    assert harness.totals()["asset_cache_spares_used"] == 1


def test_once_the_database_is_known_to_be_away_an_old_entry_serves_at_once(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 1999
    harness.lookup.down = harness.lookup.away = True
    harness.lookup.gate.clear()
    assert harness.read_at("a1") == {"a1": 1000}
    harness.lookup.gate.set()
    harness.finish_refresh()
    harness.lookup.down = harness.lookup.away = False
    assert harness.read_at("a1") == {"a1": 1999}


def test_an_entry_that_is_too_old_is_no_answer_even_then(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 2000
    harness.lookup.down = True
    with pytest.raises(LookupUnavailable):
        harness.read_at("a1")


def test_an_invalidated_entry_is_read_at_its_next_use(harness: Harness) -> None:
    """Contract: what has changed by announcement is seen at once."""
    harness.read_at("a1", "a2")
    harness.now_s = 1001
    harness.floors.raise_one("a1", 1_000_001)
    assert harness.read_at("a1", "a2") == {"a1": 1001, "a2": 1000}


def test_reading_again_passes_memory_and_renews_it(harness: Harness) -> None:
    harness.read_at("a1")
    harness.now_s = 1007
    assert harness.resolver.read_again({"a1"}, 42)["a1"].read_at_ms == 1_007_000
    assert harness.lookup.asked[-1] == ({"a1"}, 42)
    assert harness.read_at("a1") == {"a1": 1007}


def test_an_unknown_asset_without_database_is_an_error_of_the_job(harness: Harness) -> None:
    harness.lookup.down = True
    with pytest.raises(LookupUnavailable):
        harness.read_at("a1")


def test_while_the_task_waits_it_is_told_so_every_second(harness: Harness) -> None:
    """Contract: metrics grow while the job waits for the database, not only when it is back."""
    harness.lookup.gate.clear()

    def open_gate() -> None:
        harness.ticks.acquire(timeout=5)
        assert harness.totals()["asset_lookup_wait_ms"] >= 900
        harness.lookup.gate.set()

    opener = threading.Thread(target=open_gate)
    opener.start()
    assert harness.read_at("a1") == {"a1": 1000}
    opener.join(5)


def test_a_stopped_loop_ends_what_runs_on_it() -> None:
    loop = BackgroundLoop()
    endless = loop.submit(asyncio.sleep(3600))
    loop.stop()
    assert endless.cancelled()
