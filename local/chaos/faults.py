"""The kinds of faults: how each is done to the system, and what an operator would do to end it."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from local import flink, kafka, process
from local.chaos import offsets
from local.chaos.load import Load
from local.chaos.proxy import Hold, Proxy
from local.chaos.recovery import Recovery
from local.chaos.schedule import Kind
from local.chaos.sender import Sender
from local.chaos.system import (
    ENRICHMENT,
    ENRICHMENT_GROUP,
    LONG_TRANSACTION,
    MEDIA_USAGE,
    SHORT_TRANSACTION,
    TRANSACTIONS,
    System,
)
from local.chaos.targets import TARGETS, Target
from local.chaos.verdict import Stretch
from local.process import Child
from schemas.topics import RAW

#: How long a process that was killed stays away.
_DOWN_SECONDS: Final = 3.0
_OUTAGE_SECONDS: Final = 90.0
_PAUSES: Final = (30, 70)
#: Proven recommits that a whole drill has.
_COMMIT_KILLS: Final = 5
_REPEATED: Final = 20
#: In which a commit must come by, or come again; a failed checkpoint too.
_PATIENCE_SECONDS: Final = 120.0
#: In which a broker whose disk is full ends; longer than its flushes take.
_FULL_SECONDS: Final = 15.0


@dataclass
class World:
    """What faults are done to, and what they have proven so far."""

    system: System
    proxy: Proxy
    load: Load
    sender: Sender
    chance: random.Random
    recommits: int = 0
    #: Where in raw stands what the broker has thrown away although a checkpoint had promised it.
    expired: list[Stretch] = field(default_factory=list)


class Fault(ABC):
    """One fault, from its beginning to its end."""

    #: What was done, for the drill's line about it; set once that is known.
    detail = ""

    @abstractmethod
    async def inject(self, world: World) -> None:
        """Do it, and wait as long as it lasts."""

    async def end(self, world: World) -> None:  # noqa: B027  # most faults end by themselves
        """Do what an operator would; the recovery is timed from before this."""

    async def afterwards(self, world: World) -> None:  # noqa: B027  # as above
        """What is to do when the system has recovered; another recovery follows that is not timed."""


class Kill(Fault):
    """SIGKILL; whatever has nobody to look after it is started again after some seconds."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._killed: list[Child] = []

    async def inject(self, world: World) -> None:
        self._killed = await asyncio.to_thread(self._target.processes, world.system, world.chance)
        self.detail = _names(self._killed)
        await asyncio.to_thread(_kill, self._killed)
        if self._target.restart is not None:
            await asyncio.sleep(_DOWN_SECONDS)

    async def end(self, world: World) -> None:
        if self._target.restart is not None:
            for child in self._killed:
                await asyncio.to_thread(self._target.restart, world.system.settings, child.name)


class Pause(Fault):
    """SIGSTOP, and SIGCONT after a time: it is alive and does not answer."""

    def __init__(self, target: Target, seconds: int) -> None:
        self._target = target
        self._seconds = seconds

    async def inject(self, world: World) -> None:
        stopped = await asyncio.to_thread(self._target.processes, world.system, world.chance)
        self.detail = _names(stopped)
        try:
            for child in stopped:
                child.signal_family(signal.SIGSTOP)
            await asyncio.sleep(self._seconds)
        finally:
            for child in stopped:
                child.signal_family(signal.SIGCONT)


class BrokerAway(Fault):
    """The broker is stopped in order, and started again after a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def inject(self, world: World) -> None:
        await asyncio.to_thread(kafka.halt, world.system.settings)
        await asyncio.sleep(self._seconds)

    async def end(self, world: World) -> None:
        await asyncio.to_thread(kafka.launch, world.system.settings)


class KillBeforeCommit(Fault):
    """The TaskManagers die between pre-commit and commit: the checkpoint is complete, its transaction still open.

    Proven by the proxy: the broker did not see the commit before the kill, and answered the same one, of the same
    producer, with success after it.
    """

    async def inject(self, world: World) -> None:
        self._hold, self._killed_at = await _kill_before_commit(world)
        self._hold.release()

    async def end(self, world: World) -> None:
        promised = {request.transactional_id: request for request in self._hold.held}
        async with asyncio.timeout(_PATIENCE_SECONDS):
            again = [await world.proxy.answered(name, self._killed_at) for name in promised]
        if all(commit.error == 0 and commit.request == promised[commit.request.transactional_id] for commit in again):
            world.recommits += 1
            self.detail = f"committed after the kill: {', '.join(promised)}"


class ExpiredTransaction(Fault):
    """A promised transaction is kept from its commit until the broker has given it up: its data are lost.

    For that the job runs with a short transaction timeout for a while. The audit must name the loss, and reprocess
    heal it.
    """

    async def inject(self, world: World) -> None:
        await _resubmit(world.system, ENRICHMENT, transaction_s=SHORT_TRANSACTION)
        await Recovery(world.system).complete()
        begins = await asyncio.to_thread(_enriched_so_far, world.system)
        self._hold, self._killed_at = await _kill_before_commit(world)
        self._stretch = Stretch(begins, await asyncio.to_thread(_raw_ends, world.system))
        self._lost = self._hold.held[0].transactional_id
        # The hold stays: the job that has recovered tries to commit, and waits.
        await asyncio.to_thread(_wait_given_up, world.system, self._lost)
        self._hold.release()

    async def end(self, world: World) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            refused = await world.proxy.answered(self._lost, self._killed_at)
        if refused.error != 0:
            world.expired.append(self._stretch)
        self.detail = f"{self._lost} was committed too late: error {refused.error}"

    async def afterwards(self, world: World) -> None:
        await _resubmit(world.system, ENRICHMENT, transaction_s=LONG_TRANSACTION)


class DuplicateDeliveries(Fault):
    """Deliveries that were acknowledged are posted again, to every collector."""

    async def inject(self, world: World) -> None:
        again = world.load.acknowledged(_REPEATED, world.chance)
        for delivery in again:
            await world.sender.send_to_all(delivery)
        self.detail = f"{len(again)} deliveries posted to both collectors again"


class Rescale(Fault):
    """A job is stopped with a savepoint and started with another parallelism: with two, or with one again."""

    def __init__(self, module: str) -> None:
        self._module = module

    async def inject(self, world: World) -> None:
        self._savepoint = await asyncio.to_thread(world.system.stop, self._module)

    async def end(self, world: World) -> None:
        parallelism = 3 - world.system.jobs[self._module].parallelism
        await asyncio.to_thread(world.system.submit, self._module, parallelism, self._savepoint)
        self.detail = f"parallelism {parallelism}"


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
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not all(now > then for now, then in zip(await _failures(world), before, strict=True)):
            if time.monotonic() > deadline:
                raise TimeoutError("no checkpoint has failed although their disk is full")
            # Again and again: a checkpoint that was still written makes room when an older one is deleted.
            world.system.disks["checkpoints"].fill()
            await asyncio.sleep(0.5)

    async def end(self, world: World) -> None:
        world.system.disks["checkpoints"].empty()


def kinds(*, with_disks: bool) -> list[Kind]:
    """Every kind that a drill can draw; those that need a disk of their own only where there are any."""
    return [
        *(Kind(name=f"kill-{target.name}") for target in TARGETS),
        *(Kind(name=f"pause-{target.name}-{seconds}") for target in TARGETS for seconds in _PAUSES),
        Kind(name="restart-broker"),
        Kind(name="outage-broker", once=True),
        Kind(name="kill-before-commit", at_least=_COMMIT_KILLS),
        Kind(name="expired-transaction", once=True),
        Kind(name="duplicate-deliveries"),
        *(Kind(name=name) for name in _RESCALES),
        *(Kind(name=name, once=True) for name in (DISK_FAULTS if with_disks else ())),
    ]


#: Skipped by name where no file system can be mounted.
DISK_FAULTS: Final[Sequence[str]] = ("full-disk-broker", "full-disk-checkpoints")
_RESCALES: Final[Mapping[str, str]] = {"rescale-enrichment": ENRICHMENT, "rescale-usage": MEDIA_USAGE}


def make(name: str) -> Fault:
    """A new fault of the kind with this name. Raises KeyError if there is none."""
    made: dict[str, Fault] = {
        **{f"kill-{target.name}": Kill(target) for target in TARGETS},
        **{f"pause-{target.name}-{seconds}": Pause(target, seconds) for target in TARGETS for seconds in _PAUSES},
        "restart-broker": BrokerAway(0),
        "outage-broker": BrokerAway(_OUTAGE_SECONDS),
        "kill-before-commit": KillBeforeCommit(),
        "expired-transaction": ExpiredTransaction(),
        "duplicate-deliveries": DuplicateDeliveries(),
        **{each: Rescale(module) for each, module in _RESCALES.items()},
        "full-disk-broker": FullBrokerDisk(),
        "full-disk-checkpoints": FullCheckpointDisk(),
    }
    return made[name]


async def _kill_before_commit(world: World) -> tuple[Hold, float]:
    """Hold the next commits, kill the TaskManagers that made them, and return when both are certain."""
    names = await asyncio.to_thread(world.system.taskmanagers_of, ENRICHMENT)
    victims = [child for name in names if (child := process.find(world.system.settings.state, name))]
    hold = world.proxy.hold(TRANSACTIONS)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await hold.caught()
        await asyncio.to_thread(_kill, victims)
        killed_at = time.monotonic()
        await hold.all_dropped()
    return hold, killed_at


async def _resubmit(system: System, module: str, *, transaction_s: int) -> None:
    savepoint = await asyncio.to_thread(system.stop, module)
    parallelism = system.jobs[module].parallelism
    await asyncio.to_thread(system.submit, module, parallelism, savepoint, transaction_s)


def _wait_given_up(system: System, transactional_id: str) -> None:
    """Wait until the broker has aborted a transaction for its age, as its log says. Raises TimeoutError."""
    log_file = system.settings.state / "log" / f"{kafka.NAME}.log"
    said = f"Completed rollback of ongoing transaction for transactionalId {transactional_id} due to timeout"
    deadline = time.monotonic() + 2 * _PATIENCE_SECONDS
    while said not in log_file.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the broker has not given up transaction {transactional_id}")
        time.sleep(1)


def _enriched_so_far(system: System) -> dict[int, int]:
    return offsets.committed(system.stack.kafka_bootstrap, ENRICHMENT_GROUP, RAW)


def _raw_ends(system: System) -> dict[int, int]:
    return offsets.ends(system.stack.kafka_bootstrap, RAW)


async def _failures(world: World) -> list[int]:
    return await asyncio.to_thread(_failed_checkpoints, world.system)


def _failed_checkpoints(system: System) -> list[int]:
    paths = (f"/jobs/{job.id}/checkpoints" for job in system.jobs.values())
    return [int(flink.rest(system.settings, "GET", path)["counts"]["failed"]) for path in paths]


def _kill(children: Sequence[Child]) -> None:
    for child in children:
        child.signal_family(signal.SIGKILL)
    for child in children:
        child.wait(10)


def _names(children: Sequence[Child]) -> str:
    return ", ".join(child.name for child in children)
