"""What the database did not list when it was last asked: not asked for again for a while. Pure.

A rendition that nobody has registered would otherwise have its asset read anew with every batch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Holes(Generic[T]):
    """Things asked for in vain, each for `ttl_s` seconds. At the limit all are forgotten, which costs queries only."""

    def __init__(self, ttl_s: float, monotonic_s: Callable[[], float], limit: int = 100_000) -> None:
        self._ttl_s = ttl_s
        self._monotonic_s = monotonic_s
        self._limit = limit
        self._until_s: dict[T, float] = {}

    def add(self, things: Collection[T]) -> None:
        """Remember what was asked for in vain just now."""
        if len(self._until_s) + len(things) > self._limit:
            self._until_s.clear()
        self._until_s |= dict.fromkeys(things, self._monotonic_s() + self._ttl_s)

    def worth_asking(self, things: Collection[T]) -> set[T]:
        """Those that were not asked for in vain lately."""
        now_s = self._monotonic_s()
        return {thing for thing in things if self._until_s.get(thing, 0.0) <= now_s}
