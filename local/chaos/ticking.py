"""The collectors' clock: some days ago, at real speed, so that at the end every hour can settle before now."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from local.clock import ClockFile

_DAY_MS: Final = 86_400_000
#: At the end the clock leaps by three days and more, and must not come to lie in the future.
DAYS_AGO: Final = 5
_TICK_SECONDS: Final = 1.0


def days_ago_ms() -> int:
    """Now, less `DAYS_AGO`, in epoch milliseconds."""
    return time.time_ns() // 1_000_000 - DAYS_AGO * _DAY_MS


async def tick(clock: ClockFile) -> None:
    """Turn the clock every second, until cancelled."""
    while True:
        clock.advance(days_ago_ms())
        await asyncio.sleep(_TICK_SECONDS)
