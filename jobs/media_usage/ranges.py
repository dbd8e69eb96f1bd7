"""Ranges of one segment that one client fetched: together they bill at most the segment's duration. Pure.

A player that is interrupted asks for the same bytes again, and a log does not always tell which bytes were sent. So
every range bills its share, rounded down by itself, until the segment has billed whole. The sum is the same in
whatever order the ranges come, at least that of the largest of them, and never more than the duration.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Viewing = TypeVar("Viewing", bound=Hashable)


class Ranges(Generic[Viewing]):
    """Counts ranges by viewing, that is by client and segment.

    `billed_before` gives what ranges of a viewing have billed elsewhere, in milliseconds; it is asked once a viewing.
    """

    def __init__(self, billed_before: Callable[[Viewing], int] = lambda _: 0) -> None:
        self._billed_before = billed_before
        #: Milliseconds that the ranges of each viewing have billed, those billed elsewhere included.
        self.billed_ms: dict[Viewing, int] = {}

    def add(self, viewing: Viewing, share_ms: int, duration_ms: int) -> int:
        """What one more range bills: its share, or what is left of the segment's duration."""
        billed_ms = self.billed_ms.get(viewing)
        if billed_ms is None:
            billed_ms = self._billed_before(viewing)
        added_ms = min(share_ms, max(0, duration_ms - billed_ms))
        self.billed_ms[viewing] = billed_ms + added_ms
        return added_ms
