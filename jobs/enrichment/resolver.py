"""Assets for the records of a batch: the in-process cache in front, look-ups on one background event loop.

The loop runs in a daemon thread, so that background refreshes go on between batches; the task thread only waits
when something is missing, and at most the look-up's wait.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from itertools import islice
from typing import Any, Final, TypeVar

from jobs.enrichment.assets import Asset
from jobs.enrichment.cache import AssetCache, Freshness
from jobs.enrichment.lookup import AssetLookup, LookupUnavailable
from jobs.enrichment.waiting import WaitClock
from schemas.cdn_logs_pb2 import AssetSettings
from schemas.metrics import jobs as defined

T = TypeVar("T")

#: Assets that one background refresh asks for: what many ageing assets need is then a few queries, one at a time.
_REFRESH_AT_MOST: Final = 500
_TICK_S: Final = 1.0


class BackgroundLoop:
    """One asyncio loop in one daemon thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._until_stopped()), name="asset-lookup", daemon=True
        )
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """End the loop and what still runs on it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=5)

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop, from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _until_stopped(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stopped.wait()


class AssetResolver:
    """Memory, then Redis, then the asset database. Owned by the task thread.

    While the task thread waits for a look-up, `waiting` is called once a second.
    """

    def __init__(
        self,
        cache: AssetCache,
        lookup: AssetLookup,
        loop: BackgroundLoop,
        young_since_ms: Callable[[], int],
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._cache = cache
        self._lookup = lookup
        self._loop = loop
        self._young_since_ms = young_since_ms
        self._waiting = waiting
        self._ageing: dict[str, None] = {}
        self._refresh: Future[dict[str, AssetSettings]] | None = None
        self._wait = WaitClock()
        self._hits = 0
        self._misses = 0
        self._spares = 0

    def totals(self) -> dict[str, Callable[[], int]]:
        """Totals since the task started, by the names under which the job exports them."""
        counts = self._lookup.counts
        return {
            defined.CACHE_HITS.name: lambda: self._hits,
            defined.CACHE_MISSES.name: lambda: self._misses,
            defined.CACHE_SPARES_USED.name: lambda: self._spares,
            defined.REDIS_HITS.name: lambda: counts.redis_hits,
            defined.REDIS_WAIT.name: counts.redis_wait.total_ms,
            defined.DATABASE_QUERIES.name: lambda: counts.queries,
            defined.DATABASE_QUERIED_ASSETS.name: lambda: counts.queried_assets,
            defined.DATABASE_FAILED_QUERIES.name: lambda: counts.failed_queries,
            defined.DATABASE_WAIT.name: counts.database_wait.total_ms,
            defined.LOOKUP_WAIT.name: self._wait.total_ms,
        }

    def assets(self, asset_ids: set[str]) -> dict[str, Asset]:
        """Every asset asked for. Raises LookupUnavailable where neither cache, Redis nor database has an answer."""
        self._take_refreshed()
        found: dict[str, Asset] = {}
        spares: dict[str, Asset] = {}
        for asset_id in asset_ids:
            asset, freshness = self._cache.get(asset_id)
            if asset is None:
                continue
            if freshness is Freshness.FRESH:
                found[asset_id] = asset
            elif freshness is Freshness.AGEING or self._lookup.away:
                found[asset_id] = asset
                self._ageing[asset_id] = None
                self._spares += freshness is Freshness.SPARE
            else:
                spares[asset_id] = asset
        self._hits += len(found)
        if len(found) < len(asset_ids):
            found |= self._look_up(asset_ids - found.keys(), spares)
        self._start_refresh()
        return found

    def read_again(self, asset_ids: set[str], not_before_ms: int) -> dict[str, Asset]:
        """Assets as read at `not_before_ms` or later, past the in-process cache. Raises LookupUnavailable."""
        if not asset_ids:
            return {}
        self._misses += len(asset_ids)
        return self._keep(self._await(self._lookup.fetch(asset_ids, not_before_ms)))

    def _look_up(self, asset_ids: set[str], spares: dict[str, Asset]) -> dict[str, Asset]:
        self._misses += len(asset_ids)
        fetch = self._lookup.fetch_or_older(asset_ids, self._young_since_ms(), spares.keys())
        found = spares | self._keep(self._await(fetch))
        self._spares += sum(found[asset_id] is spare for asset_id, spare in spares.items())
        return found

    def _keep(self, settings: dict[str, AssetSettings]) -> dict[str, Asset]:
        assets = {asset_id: Asset.of(entry) for asset_id, entry in settings.items()}
        for asset in assets.values():
            self._cache.put(asset)
        return assets

    def _await(self, look_up: Coroutine[Any, Any, T]) -> T:
        future = self._loop.submit(look_up)
        with self._wait:
            while not wait({future}, timeout=_TICK_S).done:
                self._waiting()
        return future.result()

    def _start_refresh(self) -> None:
        """One refresh at a time: however many assets age at once, they make one query after the other."""
        if self._ageing and self._refresh is None:
            chosen = list(islice(self._ageing, _REFRESH_AT_MOST))
            self._refresh = self._loop.submit(self._lookup.fetch(chosen, self._young_since_ms()))

    def _take_refreshed(self) -> None:
        """Take a finished refresh. A failed one leaves the entries in use, and the next use tries again."""
        if self._refresh is None or not self._refresh.done():
            return
        if isinstance(self._refresh.exception(), LookupUnavailable):
            self._ageing.clear()
        else:
            for asset_id in self._keep(self._refresh.result()):
                self._ageing.pop(asset_id, None)
        self._refresh = None
