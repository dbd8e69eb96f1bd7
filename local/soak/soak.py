"""A soak from start to end: steady load, a sample every ten seconds, and what the second half of them says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from local import billing
from local.clock import ClockFile
from local.drill import capacity, ticking
from local.drill.account import Account
from local.drill.load import Load
from local.drill.sender import Sender
from local.drill.supply import Supply
from local.soak import samples, state
from local.soak.samples import Sample
from local.soak.settings import SoakSettings
from local.soak.state import Remembered
from local.soak.system import SoakSystem, Speed, resident
from local.traffic.sources import MAY_REPEAT_LINES

_SAMPLE_SECONDS: Final = 10.0
#: A clock that runs a hundred times faster must be turned often: an event may be five minutes ahead of a collector.
_TICK_SECONDS: Final = 0.1
#: Flat is what would add less than this share of the memory in an hour.
_FLAT: Final = 0.05
_STEADY: Final = 0.95
_LINES: Final = "SELECT coalesce(sum(records), 0)::bigint FROM batch_ledger"


class Restarted(RuntimeError):
    """A job or a TaskManager was started again in the middle of the soak; its log says why."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a soak has found in its second half."""

    minutes: float
    growth_mb_per_h: float
    rss_mb: float
    throughput_ratio: float
    state_bytes: int
    remembered: Remembered

    @property
    def is_flat(self) -> bool:
        """Whether memory would stay within bounds."""
        return self.growth_mb_per_h < self.rss_mb * _FLAT

    @property
    def is_fine(self) -> bool:
        """Whether memory is flat, throughput steady, and state as small as the formula says."""
        small = self.state_bytes <= self.remembered.bytes_allowed
        return self.is_flat and self.throughput_ratio >= _STEADY and small

    def explained(self) -> str:
        """For people."""
        flat = "flat" if self.is_flat else "not flat"
        return (
            f"memory is {flat}: {self.rss_mb:,.0f} MB, {self.growth_mb_per_h:+,.0f} MB an hour; state is"
            f" {self.state_bytes:,} bytes, and may be {self.remembered.bytes_allowed:,} for {self.remembered}"
        )

    def last_line(self) -> str:
        """For scripts."""
        return (
            f"soak: minutes={self.minutes:g} rss_growth_mb_per_h={self.growth_mb_per_h:.0f}"
            f" throughput_ratio={self.throughput_ratio:.2f} state_bytes={self.state_bytes}"
        )


async def soak(chosen: SoakSettings, system: SoakSystem, clock: ClockFile, speed: Speed, supply: Supply) -> Findings:
    """Load the system for so many minutes and judge. Raises Restarted and whatever fails."""
    account = Account()
    async with Sender(system.stack.collector_urls, chosen.seed) as sender, asyncio.TaskGroup() as group:
        load = Load(supply.next, sender.send, account)
        ticks = group.create_task(ticking.tick(clock, speed.now_ms, _TICK_SECONDS))
        running = group.create_task(load.run())
        measured = await capacity.measure(load, account, system.stack.kafka_bootstrap)
        say(f"capacity {measured:,.0f} lines/s; the load is {chosen.load_share:.0%} of that")
        load.go(measured * chosen.load_share)
        taken = await _watch(chosen, system)
        found = await asyncio.to_thread(_findings, chosen, system, clock, taken)
        load.stop()
        await running
        ticks.cancel()
    return found


async def _watch(chosen: SoakSettings, system: SoakSystem) -> list[Sample]:
    pids, restores = await asyncio.to_thread(lambda: (system.taskmanagers(), system.restores()))
    taken, began = [], time.monotonic()
    while time.monotonic() - began < chosen.minutes * 60:
        await asyncio.sleep(_SAMPLE_SECONDS)
        sample = await asyncio.to_thread(_sample, system, pids)
        taken.append(sample)
        if len(taken) % 6 == 0:
            say(f"{(sample.at_s - began) / 60:5.1f} min  {sample.rss_bytes / 1e6:7,.0f} MB  {sample.lines:>12,} lines")
    if await asyncio.to_thread(system.restores) != restores:
        raise Restarted("a job was restored in the middle of the soak: see the logs")
    return taken


def _sample(system: SoakSystem, pids: dict[str, int]) -> Sample:
    try:
        memory = resident(pids)
    except LookupError as error:
        raise Restarted(f"{error}: one of {', '.join(pids)}") from error
    [(lines,)] = billing.query(system.stack.billing_dsn, _LINES)
    return Sample(time.monotonic(), memory, lines)


def _findings(chosen: SoakSettings, system: SoakSystem, clock: ClockFile, taken: Sequence[Sample]) -> Findings:
    settled = taken[len(taken) // 2 :]
    return Findings(
        minutes=chosen.minutes,
        growth_mb_per_h=samples.growth_mb_per_h(settled),
        rss_mb=samples.mean_rss_mb(settled),
        throughput_ratio=samples.throughput_ratio(settled),
        state_bytes=system.state_bytes(),
        remembered=state.remembered(system.stack.billing_dsn, clock.now_ms, [cdn.value for cdn in MAY_REPEAT_LINES]),
    )


def say(text: str) -> None:
    """Print a line of the soak."""
    print(f"soak: {text}", flush=True)
