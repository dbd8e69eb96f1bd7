"""A job that gets more tasks, or fewer."""

from __future__ import annotations

import asyncio

from local.chaos.faults.world import Fault, World


class Rescale(Fault):
    """Stopped with a savepoint and started with a parallelism of two, or of one again."""

    def __init__(self, module: str) -> None:
        self._module = module

    async def inject(self, world: World) -> None:
        self._savepoint = await asyncio.to_thread(world.system.stop, self._module)

    async def end(self, world: World) -> None:
        parallelism = 3 - world.system.jobs[self._module].parallelism
        await asyncio.to_thread(world.system.submit, self._module, parallelism, self._savepoint)
        self.detail = f"parallelism {parallelism}"
