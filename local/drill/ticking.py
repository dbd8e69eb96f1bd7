"""The collectors' clock: some days ago, at real speed, so that at the end every hour can settle before now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from local.clock import ClockFile

_DAY_MS: Final = 86_400_000
#: At the end the clock leaps by three days and more, and must not come to lie in the future.
DAYS_AGO: Final = 5


def days_ago_ms() -> int:
    """Now, less `DAYS_AGO`, in epoch milliseconds."""
    return time.time_ns() // 1_000_000 - DAYS_AGO * _DAY_MS


async def tick(clock: ClockFile, time_ms: Callable[[], int] = days_ago_ms, every_s: float = 1.0) -> None:
    """Turn the clock to a time, again and again until cancelled."""
    while True:
        clock.advance(time_ms())
        await asyncio.sleep(every_s)
