"""A part of the system lives and does not answer, as after a machine was suspended."""

from __future__ import annotations

import asyncio
import signal

from local.chaos.faults.world import Fault, World
from local.chaos.targets import Target, names_of


class Pause(Fault):
    """SIGSTOP, and SIGCONT after so many seconds."""

    def __init__(self, target: Target, seconds: int) -> None:
        self._target = target
        self._seconds = seconds

    async def inject(self, world: World) -> None:
        stopped = await asyncio.to_thread(self._target.processes, world.system, world.chance)
        self.detail = names_of(stopped)
        try:
            for child in stopped:
                child.signal_family(signal.SIGSTOP)
            await asyncio.sleep(self._seconds)
        finally:
            for child in stopped:
                child.signal_family(signal.SIGCONT)
