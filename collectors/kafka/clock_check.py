"""Whether the collector's clock agrees with the broker's.

A collector whose clock is ahead lets records of the future in and pushes the watermark; one that is behind refuses
good records. Both are worse than a collector that takes no traffic.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from collectors.clock import Clock

MAX_SKEW_MS: Final = 2 * 60_000
#: Seconds for which a measurement counts; clocks that drift do so slowly.
_VALID_S: Final = 60.0


def skew_ms(before_ms: int, broker_ms: int, after_ms: int) -> int:
    """How far the broker's time lies outside the moments before and after asking for it; positive: it is ahead."""
    if broker_ms < before_ms:
        return broker_ms - before_ms
    return max(broker_ms - after_ms, 0)


class ClockCheck:
    """Measures the skew, at most once a minute while it is small."""

    def __init__(
        self,
        clock: Clock,
        broker_time_ms: Callable[[], Awaitable[int]],
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._stopwatch = stopwatch
        self._broker_time_ms = broker_time_ms
        self._good_until_s = 0.0

    async def complaint(self) -> str:
        """A sentence if the clocks disagree, else "". Raises what asking for the broker's clock raises."""
        if self._stopwatch() < self._good_until_s:
            return ""
        before_ms = self._clock.now_ms()
        skew = skew_ms(before_ms, await self._broker_time_ms(), self._clock.now_ms())
        if abs(skew) <= MAX_SKEW_MS:
            self._good_until_s = self._stopwatch() + _VALID_S
            return ""
        return f"the broker's clock is {skew / 1_000:+.1f} s from this machine's: synchronise them"
