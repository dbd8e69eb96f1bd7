"""A broker that is stopped in order: a restart, or an outage."""

from __future__ import annotations

import asyncio

from local import kafka
from local.chaos.faults.world import Fault, World


class BrokerAway(Fault):
    """Stopped, and started again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def inject(self, world: World) -> None:
        await asyncio.to_thread(kafka.halt, world.system.settings)
        await asyncio.sleep(self._seconds)

    async def end(self, world: World) -> None:
        await asyncio.to_thread(kafka.launch, world.system.settings)
