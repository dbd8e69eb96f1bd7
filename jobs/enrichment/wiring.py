"""Make the enrichment stage from its settings, on the TaskManager: connections, files and secrets are opened here."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.enrichment.cache import AssetCache, CachePolicy
from jobs.enrichment.database import AssetDatabase
from jobs.enrichment.fleet_cache import FleetCache, FleetCachePolicy, client
from jobs.enrichment.floors import Floors
from jobs.enrichment.fuse import Fuse
from jobs.enrichment.geography import Geography
from jobs.enrichment.holes import Holes
from jobs.enrichment.invalidation import InvalidationFeed
from jobs.enrichment.lookup import AssetLookup, LookupPolicy
from jobs.enrichment.paths import PathGrammar
from jobs.enrichment.resolver import AssetResolver
from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.shared_loop import SHARED_LOOP
from jobs.enrichment.stage import EnrichmentStage
from schemas.metrics import jobs as defined

#: For the way to the executor and back: a lock that ends before its reading gets every query twice.
_LOCK_BEYOND_QUERY_S = 5.0
_CLOSE_S = 5.0


def open_stage(settings: EnrichmentSettings, waiting: Callable[[], None] = lambda: None) -> EnrichmentStage:
    """A stage with everything opened; its `close()` closes everything again.

    `waiting` is called on the task's thread, once a second while that waits for a look-up.
    """
    geography = Geography.open(settings.asn_database, settings.city_database)
    database = AssetDatabase(settings.assets_dsn, settings.database_timeout_s)
    executor = ThreadPoolExecutor(settings.database_queries, thread_name_prefix="asset-database")
    floors = Floors(settings.assets_read_since_ms)
    fleet, feed = _connect_redis(settings, floors)
    cache_policy = _cache_policy(settings)
    lookup = AssetLookup(fleet, database, executor, _lookup_policy(settings), _now_ms, floors)
    resolver = AssetResolver(
        cache=AssetCache(cache_policy, _now_ms, floors),
        lookup=lookup,
        loop=(loop := SHARED_LOOP.acquire()),
        young_since_ms=lambda: _now_ms() - int(cache_policy.young_s * 1000),
        waiting=waiting,
    )
    following = loop.submit(feed.follow())

    def close() -> None:
        following.cancel()
        for connected in (feed, fleet):
            loop.submit(connected.close()).result(timeout=_CLOSE_S)
        SHARED_LOOP.release()
        executor.shutdown(wait=False, cancel_futures=True)
        database.close()
        geography.close()

    return EnrichmentStage(
        grammar=PathGrammar(settings.segment_patterns, settings.part_patterns, settings.init_patterns),
        resolver=resolver,
        geography=geography,
        holes=Holes(settings.asset_cache_negative_ttl_s, time.monotonic),
        unresolved_fuse=Fuse("media deliveries", "unresolved", settings.fuse_ratio, settings.fuse_window),
        dead_fuse=Fuse("messages", "dead letters", settings.fuse_ratio, settings.fuse_window),
        raw_topic=settings.raw_topic,
        lookup_totals={
            defined.REDIS_ERRORS.name: lambda: fleet.errors,
            defined.INVALIDATIONS.name: lambda: feed.received,
            **resolver.totals(),
        },
        close=close,
    )


def _connect_redis(settings: EnrichmentSettings, floors: Floors) -> tuple[FleetCache, InvalidationFeed]:
    """The fleet's cache, and what it is told; each with a client of its own, because the feed's blocks for seconds."""
    url, password = settings.redis_url, _secret(settings.redis_password_file)
    policy = FleetCachePolicy(
        keep_s=int(settings.asset_cache_spare_s),
        negative_ttl_s=max(1, int(settings.asset_cache_negative_ttl_s)),
        lock_s=settings.database_timeout_s + _LOCK_BEYOND_QUERY_S,
    )
    fleet = FleetCache(client(url, password, policy.timeout_s), policy)
    blocking = client(url, password, InvalidationFeed.BLOCK_S + policy.timeout_s)
    return fleet, InvalidationFeed(blocking, floors, _now_ms, fleet.failed)


def _cache_policy(settings: EnrichmentSettings) -> CachePolicy:
    return CachePolicy(
        ttl_s=settings.asset_cache_ttl_s,
        negative_ttl_s=settings.asset_cache_negative_ttl_s,
        spare_s=settings.asset_cache_spare_s,
        max_entries=settings.asset_cache_entries,
        max_segments=settings.asset_cache_segments,
    )


def _lookup_policy(settings: EnrichmentSettings) -> LookupPolicy:
    return LookupPolicy(wait_s=settings.lookup_wait_s, spare_s=settings.asset_cache_spare_s)


def _secret(file: str) -> str | None:
    return Path(file).read_text().strip() if file else None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
