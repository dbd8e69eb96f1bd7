"""What is no longer believed: an asset read from the database before its floor, wherever it is cached. Pure.

A floor is better than a deletion: an answer that was under way when an asset changed is stored after the deletion,
and carries the time of its reading.
"""

from __future__ import annotations


class Floors:
    """Per asset, and for all assets, when they must have been read; epoch milliseconds. Only ever raised.

    Raised on the look-up loop and asked on the task thread as well: each step is one operation on a dictionary.
    """

    def __init__(self, all_ms: int = 0, limit: int = 100_000) -> None:
        self._all_ms = all_ms
        self._limit = limit
        self._by_asset: dict[str, int] = {}

    def of(self, asset_id: str) -> int:
        """When an asset must have been read, at the earliest."""
        return max(self._by_asset.get(asset_id, 0), self._all_ms)

    def raise_all(self, floor_ms: int) -> None:
        """Believe nothing that was read before."""
        self._all_ms = max(floor_ms, self._all_ms)

    def raise_one(self, asset_id: str, floor_ms: int) -> None:
        """Believe nothing of one asset that was read before; past the limit of assets, nothing of any."""
        if len(self._by_asset) >= self._limit:
            self.raise_all(max(self._by_asset.values()))
            self._by_asset.clear()
        self._by_asset[asset_id] = max(floor_ms, self.of(asset_id))
