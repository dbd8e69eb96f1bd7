"""What syslog may hold of the collector's memory: lines on their way to Kafka, and frames that are not complete.

Lines leave as Kafka takes them, so reading stops while the budget is full. Unfinished frames leave only if their
senders go on; a part of the budget is theirs, and who would go beyond it is closed: otherwise a few hundred
connections that each begin a long frame could stop all reading for good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from collectors.limits.budget import ByteBudget, OutOfMemoryBudget

#: The part of the budget that unfinished frames of all connections may fill.
_FRAMES_SHARE: Final = 8


class SyslogMemory:
    """The memory of all syslog listeners of a collector."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._frames = 0
        self._max_frames = budget.limit // _FRAMES_SHARE

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read."""
        return self._budget.is_full

    def when_room(self, on_room: Callable[[], None]) -> None:
        """Call back once, as soon as it is no longer full."""
        self._budget.when_room(on_room)

    def hold(self, size: int) -> None:
        """Count lines, in bytes."""
        self._budget.take_unasked(size)

    def release(self, size: int) -> None:
        """Lines that Kafka has, or that were given up."""
        self._budget.give_back(size)

    def resize_frame(self, change: int) -> None:
        """An unfinished frame has grown, or become shorter, by so many bytes.

        Raises OutOfMemoryBudget if all of them together are too much; they count all the same.
        """
        self._frames += change
        if change < 0:
            self._budget.give_back(-change)
            return
        self._budget.take_unasked(change)
        if change and self._frames > self._max_frames:
            raise OutOfMemoryBudget(f"unfinished frames hold more than {self._max_frames} bytes")
