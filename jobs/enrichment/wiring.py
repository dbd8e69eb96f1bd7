"""Make the enrichment stage from its settings, on the TaskManager: connections, files and secrets are opened here."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.enrichment.cache import AssetCache, CachePolicy
from jobs.enrichment.database import AssetDatabase
from jobs.enrichment.fleet_cache import FleetCachePolicy, connect
from jobs.enrichment.fuse import Fuse
from jobs.enrichment.geography import Geography
from jobs.enrichment.lookup import AssetLookup, LookupPolicy
from jobs.enrichment.paths import PathGrammar
from jobs.enrichment.resolver import AssetResolver
from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.shared_loop import SHARED_LOOP
from jobs.enrichment.stage import EnrichmentStage


def open_stage(settings: EnrichmentSettings) -> EnrichmentStage:
    """A stage with everything opened; its `close()` closes everything again."""
    geography = Geography.open(settings.asn_database, settings.city_database)
    database = AssetDatabase(settings.assets_dsn, settings.database_timeout_s)
    executor = ThreadPoolExecutor(settings.database_queries, thread_name_prefix="asset-database")
    fleet = connect(settings.redis_url, _secret(settings.redis_password_file), FleetCachePolicy())
    lookup_policy = LookupPolicy(wait_s=settings.lookup_wait_s)
    lookup = AssetLookup(fleet, database, executor, lookup_policy, now_ms=lambda: time.time_ns() // 1_000_000)
    loop = SHARED_LOOP.acquire()

    def close() -> None:
        loop.submit(fleet.close()).result(timeout=5)
        SHARED_LOOP.release()
        executor.shutdown(wait=False, cancel_futures=True)
        database.close()
        geography.close()

    cache = AssetCache(_cache_policy(settings), time.monotonic)
    return EnrichmentStage(
        grammar=PathGrammar(settings.segment_patterns, settings.part_patterns, settings.init_patterns),
        resolver=AssetResolver(cache, lookup, loop, settings.assets_read_since_ms),
        geography=geography,
        unresolved_fuse=Fuse("unresolved", settings.fuse_ratio, settings.fuse_window),
        dead_fuse=Fuse("dead letters", settings.fuse_ratio, settings.fuse_window),
        raw_topic=settings.raw_topic,
        close=close,
    )


def _cache_policy(settings: EnrichmentSettings) -> CachePolicy:
    return CachePolicy(
        ttl_s=settings.asset_cache_ttl_s,
        negative_ttl_s=settings.asset_cache_negative_ttl_s,
        max_entries=settings.asset_cache_entries,
    )


def _secret(file: str) -> str | None:
    return Path(file).read_text().strip() if file else None
