"""Assets for the records of a batch: the in-process cache in front, look-ups on one background event loop.

The loop runs in a daemon thread, so that background refreshes go on between batches; the task thread only waits
when something is missing, and at most the look-up's wait.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from jobs.enrichment.assets import Asset
from jobs.enrichment.cache import AssetCache, Freshness
from jobs.enrichment.lookup import AssetLookup
from schemas.cdn_logs_pb2 import AssetSettings

T = TypeVar("T")


class BackgroundLoop:
    """One asyncio loop in one daemon thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asset-lookup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop, from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)


class AssetResolver:
    """Memory, then Redis, then the asset database. Owned by the task thread.

    What was read from the database before `read_since_ms` is not believed, wherever it is cached.
    """

    def __init__(self, cache: AssetCache, lookup: AssetLookup, loop: BackgroundLoop, read_since_ms: int = 0) -> None:
        self._read_since_ms = read_since_ms
        self._cache = cache
        self._lookup = lookup
        self._loop = loop
        self._refreshes: dict[str, Future[dict[str, AssetSettings]]] = {}
        self._hits = 0
        self._misses = 0

    def totals(self) -> dict[str, Callable[[], int]]:
        """Totals since the task started, by the names under which the job exports them."""
        counts = self._lookup.counts
        return {
            "asset_cache_hits": lambda: self._hits,
            "asset_cache_misses": lambda: self._misses,
            "asset_redis_hits": lambda: counts.redis_hits,
            "asset_database_queries": lambda: counts.queries,
            "asset_database_queried_assets": lambda: counts.queried_assets,
            "asset_database_failed_queries": lambda: counts.failed_queries,
        }

    def assets(self, asset_ids: set[str]) -> dict[str, Asset]:
        """Every asset asked for. Raises LookupUnavailable where neither cache, Redis nor database has an answer."""
        self._take_refreshed()
        found: dict[str, Asset] = {}
        for asset_id in asset_ids:
            asset, freshness = self._cache.get(asset_id)
            if asset is not None:
                found[asset_id] = asset
            if freshness is Freshness.STALE:
                self._refresh(asset_id)
        self._hits += len(found)
        return found | self.read_again(asset_ids - found.keys(), self._read_since_ms)

    def read_again(self, asset_ids: set[str], not_before_ms: int) -> dict[str, Asset]:
        """Assets as read at `not_before_ms` or later, past the in-process cache."""
        if not asset_ids:
            return {}
        self._misses += len(asset_ids)
        settings = self._loop.submit(self._lookup.fetch(asset_ids, not_before_ms)).result()
        return {asset_id: self._keep(entry) for asset_id, entry in settings.items()}

    def _keep(self, settings: AssetSettings) -> Asset:
        asset = Asset.of(settings)
        self._cache.put(asset)
        return asset

    def _refresh(self, asset_id: str) -> None:
        if asset_id not in self._refreshes:
            self._refreshes[asset_id] = self._loop.submit(self._lookup.fetch({asset_id}, self._read_since_ms))

    def _take_refreshed(self) -> None:
        """Take finished refreshes. A failed one leaves the stale entry in use, and the next use tries again."""
        for asset_id, refresh in list(self._refreshes.items()):
            if refresh.done():
                del self._refreshes[asset_id]
                if refresh.exception() is None:
                    self._keep(refresh.result()[asset_id])
