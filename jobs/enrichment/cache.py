"""The in-process cache: least recently used, refreshed before it is too old, kept for the database's outage. Pure.

An entry's age counts from its reading from the database, whichever cache it came through: so one time to live bounds
how old an answer may be, over all caches together.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from jobs.enrichment.assets import Asset
from jobs.enrichment.floors import Floors


class Freshness(Enum):
    """What a cache entry is good for."""

    FRESH = "fresh"
    #: Use it, and refresh it in the background.
    AGEING = "ageing"
    #: Past its time to live: only while the database does not answer.
    SPARE = "spare"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """How old entries may be, in seconds since the asset was read from the database."""

    #: A change in the database is seen within this time.
    ttl_s: float = 300.0
    #: Negative entries: short, because a new asset is usually requested within seconds of being made.
    negative_ttl_s: float = 15.0
    #: How old an entry may be used while the database does not answer.
    spare_s: float = 24 * 3600.0
    #: Shares of the time to live between which the refresh of an entry begins, at random: assets that became viral
    #: together must not be refreshed together.
    refresh_from: float = 0.6
    refresh_to: float = 0.8
    max_entries: int = 50_000
    #: Limit on all listed segments together, four bytes each: it keeps long films from taking gigabytes.
    max_segments: int = 50_000_000

    @property
    def young_s(self) -> float:
        """So young is an answer that no cache refreshes yet; an older one in Redis is read anew."""
        return self.ttl_s * self.refresh_from


class AssetCache:
    """Assets by id. Not thread-safe: owned by the task thread."""

    def __init__(
        self,
        policy: CachePolicy,
        now_ms: Callable[[], int],
        floors: Floors,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._policy = policy
        self._now_ms = now_ms
        self._floors = floors
        self._chance = chance
        #: With the time from which an entry is to be refreshed, in epoch milliseconds.
        self._entries: OrderedDict[str, tuple[Asset, float]] = OrderedDict()
        self._segments = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, asset_id: str) -> tuple[Asset | None, Freshness]:
        """The entry and what it is good for; a negative entry is fresh or missing, nothing between."""
        entry = self._entries.get(asset_id)
        if entry is None:
            return None, Freshness.MISSING
        self._entries.move_to_end(asset_id)
        asset, refresh_ms = entry
        if asset.read_at_ms < self._floors.of(asset_id):
            return None, Freshness.MISSING
        now_ms = self._now_ms()
        return (asset, Freshness.FRESH) if now_ms < refresh_ms else self._old(asset, now_ms)

    def put(self, asset: Asset) -> None:
        """Keep an asset, and evict the least recently used beyond a limit."""
        self._drop(asset.asset_id)
        self._entries[asset.asset_id] = (asset, asset.read_at_ms + 1000 * self._fresh_s(asset))
        self._segments += asset.segments
        while len(self._entries) > self._policy.max_entries or self._segments > self._policy.max_segments:
            self._drop(next(iter(self._entries)))

    def _old(self, asset: Asset, now_ms: int) -> tuple[Asset | None, Freshness]:
        age_s = (now_ms - asset.read_at_ms) / 1000
        if asset.absent or age_s >= self._policy.spare_s:
            return None, Freshness.MISSING
        return asset, Freshness.AGEING if age_s < self._policy.ttl_s else Freshness.SPARE

    def _fresh_s(self, asset: Asset) -> float:
        policy = self._policy
        if asset.absent:
            return policy.negative_ttl_s
        return policy.ttl_s * (policy.refresh_from + (policy.refresh_to - policy.refresh_from) * self._chance())

    def _drop(self, asset_id: str) -> None:
        if dropped := self._entries.pop(asset_id, None):
            self._segments -= dropped[0].segments
