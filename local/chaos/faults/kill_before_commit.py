"""TaskManagers that die between pre-commit and commit."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from local import process
from local.chaos.faults.kill import kill
from local.chaos.faults.world import Fault, World
from local.chaos.proxy import Hold
from local.chaos.system import TRANSACTIONS
from local.drill.jobs import ENRICHMENT

#: In which a commit must come by, or come again.
PATIENCE_SECONDS: Final = 120.0


class KillBeforeCommit(Fault):
    """The checkpoint is complete and its transaction still open when the job's TaskManagers are killed.

    Proven by the proxy: the broker did not see the commit before the kill, and answered the same one, of the same
    producer, with success after it.
    """

    async def inject(self, world: World) -> None:
        self._hold, self._killed_at = await kill_before_commit(world)
        self._hold.release()

    async def end(self, world: World) -> None:
        promised = {request.transactional_id: request for request in self._hold.held}
        async with asyncio.timeout(PATIENCE_SECONDS):
            again = [await world.proxy.answered(name, self._killed_at) for name in promised]
        if all(commit.error == 0 and commit.request == promised[commit.request.transactional_id] for commit in again):
            world.recommits += 1
            self.detail = f"committed after the kill: {', '.join(promised)}"


async def kill_before_commit(world: World) -> tuple[Hold, float]:
    """Hold the next commits, kill the TaskManagers that made them, and return when both are certain."""
    names = await asyncio.to_thread(world.system.taskmanagers_of, ENRICHMENT)
    victims = [child for name in names if (child := process.find(world.system.settings.state, name))]
    hold = world.proxy.hold(TRANSACTIONS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await hold.caught()
        await asyncio.to_thread(kill, victims)
        killed_at = time.monotonic()
        await hold.all_dropped()
    return hold, killed_at
