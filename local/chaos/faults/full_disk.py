"""Disks that are full: the broker's, and that of the checkpoints."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from local import flink, kafka, process
from local.chaos.faults.world import Fault, World
from local.chaos.system import System

#: In which a broker whose disk is full ends; longer than its flushes take.
_FULL_SECONDS: Final = 15.0
_FAILURE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.5


class FullBrokerDisk(Fault):
    """The broker's disk is full: it ends. There is room again, and it is started."""

    async def inject(self, world: World) -> None:
        world.system.disks["kafka"].fill()
        if (broker := process.find(world.system.settings.state, kafka.NAME)) is not None:
            await asyncio.to_thread(broker.wait, _FULL_SECONDS)

    async def end(self, world: World) -> None:
        world.system.disks["kafka"].empty()
        await asyncio.to_thread(kafka.halt, world.system.settings)
        await asyncio.to_thread(kafka.launch, world.system.settings)


class FullCheckpointDisk(Fault):
    """There is no room for checkpoints until one of each job has failed."""

    async def inject(self, world: World) -> None:
        before = await _failures(world)
        deadline = time.monotonic() + _FAILURE_SECONDS
        while not all(now > then for now, then in zip(await _failures(world), before, strict=True)):
            if time.monotonic() > deadline:
                raise TimeoutError("no checkpoint has failed although their disk is full")
            # Again and again: a checkpoint that was still written makes room when an older one is deleted.
            world.system.disks["checkpoints"].fill()
            await asyncio.sleep(_POLL_SECONDS)

    async def end(self, world: World) -> None:
        world.system.disks["checkpoints"].empty()


async def _failures(world: World) -> list[int]:
    return await asyncio.to_thread(_failed_checkpoints, world.system)


def _failed_checkpoints(system: System) -> list[int]:
    paths = (f"/jobs/{job.id}/checkpoints" for job in system.jobs.values())
    return [int(flink.rest(system.settings, "GET", path)["counts"]["failed"]) for path in paths]
