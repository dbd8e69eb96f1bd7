"""A transaction that is left to expire: promised by a checkpoint, thrown away by the broker."""

from __future__ import annotations

import asyncio
from typing import Final

from local import kafka
from local.chaos.faults.kill_before_commit import PATIENCE_SECONDS, kill_before_commit
from local.chaos.faults.world import Fault, World
from local.chaos.recovery import Recovery
from local.chaos.system import LONG_TRANSACTION, SHORT_TRANSACTION, System
from local.drill import offsets
from local.drill.jobs import ENRICHMENT, ENRICHMENT_GROUP
from local.drill.verdict import Stretch
from local.waiting import until
from schemas.topics import RAW

#: What the broker's log says of it, and how long it may take until it does.
_GIVEN_UP: Final = "Completed rollback of ongoing transaction for transactionalId {} due to timeout"
_GIVEN_UP_SECONDS: Final = 4.0 * SHORT_TRANSACTION


class ExpiredTransaction(Fault):
    """The commit is held until the broker has given the transaction up: its data are lost.

    For that the job runs with a short transaction timeout for a while. The audit must name the loss, and reprocess
    heal it.
    """

    async def inject(self, world: World) -> None:
        servers = world.system.stack.kafka_bootstrap
        await _resubmit(world.system, SHORT_TRANSACTION)
        await Recovery(world.system).complete()
        begins = await asyncio.to_thread(offsets.committed, servers, ENRICHMENT_GROUP, RAW)
        self._hold, self._killed_at = await kill_before_commit(world)
        self._stretch = Stretch(begins, await asyncio.to_thread(offsets.ends, servers, RAW))
        self._lost = self._hold.held[0].transactional_id
        # The hold stays: the job that has recovered tries to commit, and waits.
        await asyncio.to_thread(_wait_given_up, world.system, self._lost)
        self._hold.release()

    async def end(self, world: World) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            refused = await world.proxy.answered(self._lost, self._killed_at)
        if refused.error != 0:
            world.expired.append(self._stretch)
        self.detail = f"{self._lost} was committed too late: error {refused.error}"

    async def afterwards(self, world: World) -> None:
        await _resubmit(world.system, LONG_TRANSACTION)


async def _resubmit(system: System, transaction_s: int) -> None:
    """Start enrichment again from a savepoint, with another transaction timeout."""
    savepoint = await asyncio.to_thread(system.stop, ENRICHMENT)
    parallelism = system.jobs[ENRICHMENT].parallelism
    await asyncio.to_thread(system.submit, ENRICHMENT, parallelism, savepoint, transaction_s)


def _wait_given_up(system: System, transactional_id: str) -> None:
    """Wait until the broker has aborted a transaction for its age, as its log says. Raises TimeoutError."""
    log_file = system.settings.state / "log" / f"{kafka.NAME}.log"
    line = _GIVEN_UP.format(transactional_id)
    until(
        lambda: line in log_file.read_text(errors="replace"),
        f"the broker to give up {transactional_id}",
        _GIVEN_UP_SECONDS,
    )
