"""The collectors' clock follows real time at a distance, until it is told to stop."""

from __future__ import annotations

import asyncio
import time
from itertools import chain, repeat
from pathlib import Path

from local.clock import ClockFile
from local.drill import ticking

DAYS_MS = ticking.DAYS_AGO * 86_400_000


async def test_the_clock_goes_at_real_speed_some_days_behind(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", ticking.days_ago_ms())
    began_ms = clock.now_ms
    task = asyncio.create_task(ticking.tick(clock, every_s=0.01))
    await asyncio.sleep(0.2)
    task.cancel()
    assert clock.now_ms - began_ms >= 100
    assert abs(time.time() * 1_000 - DAYS_MS - int(clock.path.read_text())) < 1_000


async def test_the_clock_goes_by_any_time(tmp_path: Path) -> None:
    clock, times = ClockFile(tmp_path / "clock", 0), chain((3, 8), repeat(21))
    task = asyncio.create_task(ticking.tick(clock, lambda: next(times), every_s=0.001))
    await asyncio.sleep(0.1)
    task.cancel()
    assert clock.now_ms == 21


def test_three_days_and_more_fit_between_the_clock_and_now() -> None:
    assert DAYS_MS > 78 * 3_600_000
