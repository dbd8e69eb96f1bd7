"""How old events are when they arrive: a histogram of delays, and the newest and oldest event, of many events at once.

Counting is by block, never by record: one sort of a block's times and one binary search a bound. That costs about 1 %
of parsing the block where its lines are nearly in order, as logs are, and 2 % where they are in none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

#: Bounds of the delay histogram in seconds; what is above the last, 48 h, is late by the batch contract.
DELAY_BOUNDS_S: Final = (
    *(1, 2, 5, 10, 30),
    *(60, 2 * 60, 5 * 60, 10 * 60, 30 * 60),
    *(3_600, 2 * 3_600, 4 * 3_600, 8 * 3_600, 24 * 3_600, 48 * 3_600),
)


def _no_counts() -> list[int]:
    return [0] * (len(DELAY_BOUNDS_S) + 1)


@dataclass(slots=True)
class EventTimes:
    """Newest and oldest event time (epoch milliseconds; None without events) and the delays of some events.

    A delay is `received_at` - event time. `within[n]` counts events with a delay of at most `DELAY_BOUNDS_S[n]`
    seconds, the last one all events. Times ahead of ours count as no delay.
    """

    newest_ms: int | None = None
    oldest_ms: int | None = None
    within: list[int] = field(default_factory=_no_counts)
    delay_sum_ms: int = 0

    @property
    def count(self) -> int:
        """Number of events."""
        return self.within[-1]

    def add(self, received_at_ms: int, times_ms: Sequence[int]) -> None:
        """Count events that arrived together."""
        if not times_ms:
            return
        ordered = sorted(times_ms)
        count = len(ordered)
        within = [count - bisect_left(ordered, received_at_ms - bound * 1_000) for bound in DELAY_BOUNDS_S]
        delay_sum_ms = max(received_at_ms * count - sum(ordered), 0)
        self.merge(EventTimes(ordered[-1], ordered[0], [*within, count], delay_sum_ms))

    def merge(self, other: EventTimes) -> None:
        """Count the events of another."""
        self.newest_ms = max(_known(self.newest_ms, other.newest_ms), default=None)
        self.oldest_ms = min(_known(self.oldest_ms, other.oldest_ms), default=None)
        self.within = [one + more for one, more in zip(self.within, other.within, strict=True)]
        self.delay_sum_ms += other.delay_sum_ms

    def delay_quantile_s(self, share: float) -> float | None:
        """The bound, in seconds, that at least this share of the events keep; infinity above all, None of none."""
        wanted = share * self.count
        if not self.count:
            return None
        bounds = (*DELAY_BOUNDS_S, float("inf"))
        return next(bound for bound, reached in zip(bounds, self.within, strict=True) if reached >= wanted)


def _known(*times_ms: int | None) -> list[int]:
    return [time_ms for time_ms in times_ms if time_ms is not None]
