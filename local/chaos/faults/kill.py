"""A part of the system dies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Final

from local.chaos.faults.world import Fault, World
from local.chaos.targets import Target, names_of
from local.process import Child

#: How long what has nobody to look after it stays away.
_DOWN_SECONDS: Final = 3.0
_GONE_SECONDS: Final = 10.0


class Kill(Fault):
    """SIGKILL; whatever has nobody to look after it is started again after some seconds."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._killed: list[Child] = []

    async def inject(self, world: World) -> None:
        self._killed = await asyncio.to_thread(self._target.processes, world.system, world.chance)
        self.detail = names_of(self._killed)
        await asyncio.to_thread(kill, self._killed)
        if self._target.restart is not None:
            await asyncio.sleep(_DOWN_SECONDS)

    async def end(self, world: World) -> None:
        if self._target.restart is not None:
            for child in self._killed:
                await asyncio.to_thread(self._target.restart, world.system.settings, child.name)


def kill(children: Sequence[Child]) -> None:
    """SIGKILL for these processes and what descends from them; returns when they are gone."""
    for child in children:
        child.signal_family(signal.SIGKILL)
    for child in children:
        child.wait(_GONE_SECONDS)
