"""The in-process cache policy: least recently used, time to live with jitter, stale while refreshing. Pure.

Jitter spreads expiry: assets that became viral together must not expire together.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from jobs.enrichment.assets import Asset


class Freshness(Enum):
    """What a cache entry is good for."""

    FRESH = "fresh"
    #: Use it, and refresh it in the background.
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """How long entries live, in seconds."""

    ttl_s: float = 300.0
    #: Negative entries: short, because a new asset is usually requested within seconds of being made.
    negative_ttl_s: float = 15.0
    #: How long an expired entry may still be used while the database is refreshed or down.
    stale_s: float = 24 * 3600.0
    #: Share of the time to live by which single entries live shorter.
    jitter: float = 0.2
    max_entries: int = 50_000


class AssetCache:
    """Assets by id. Not thread-safe: owned by the task thread."""

    def __init__(
        self, policy: CachePolicy, clock: Callable[[], float], chance: Callable[[], float] = random.random
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._entries: OrderedDict[str, tuple[Asset, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, asset_id: str) -> tuple[Asset | None, Freshness]:
        """The entry and what it is good for; a negative entry is never stale, only fresh or missing."""
        entry = self._entries.get(asset_id)
        if entry is None:
            return None, Freshness.MISSING
        asset, expires = entry
        self._entries.move_to_end(asset_id)
        now = self._clock()
        if now < expires:
            return asset, Freshness.FRESH
        if asset.absent or now >= expires + self._policy.stale_s:
            return None, Freshness.MISSING
        return asset, Freshness.STALE

    def put(self, asset: Asset) -> None:
        """Keep an asset for its time to live, and evict the least recently used beyond the limit."""
        ttl = self._policy.negative_ttl_s if asset.absent else self._policy.ttl_s
        expires = self._clock() + ttl * (1 - self._policy.jitter * self._chance())
        self._entries[asset.asset_id] = (asset, expires)
        self._entries.move_to_end(asset.asset_id)
        while len(self._entries) > self._policy.max_entries:
            self._entries.popitem(last=False)
