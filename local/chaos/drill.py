"""A drill from start to end: load, faults one after the other, and the proof that the bill is exact all the same."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from typing import Final

from local.chaos.faults import registry
from local.chaos.faults.world import World
from local.chaos.proxy import Proxy
from local.chaos.recovery import NoRecovery, Recovery
from local.chaos.report import Outcome, Report
from local.chaos.settings import ChaosSettings
from local.chaos.system import System
from local.clock import ClockFile
from local.drill import capacity, ticking
from local.drill.load import Load
from local.drill.proof import Proof
from local.drill.reader import Reader
from local.drill.sender import Sender
from local.drill.supply import Supply
from local.drill.verdict import Verdict
from ops import hours
from ops.hours import Hours
from schemas.topics import ENRICHED

#: The end of a line in which the audit names an hour that can be healed.
_NAMED: Final = re.compile(r"python -m ops\.reprocess (\S+) \S+$", re.MULTILINE)


class Drill:
    """One drill on a running system that has no jobs yet."""

    def __init__(self, chosen: ChaosSettings, system: System, clock: ClockFile, report: Report) -> None:
        self._chosen = chosen
        self._system = system
        self._report = report
        self._proof = Proof(system.stack, clock, report)
        self._servers = system.stack.kafka_bootstrap
        #: Commits that were proven to have come after the kill of who had promised them.
        self.recommits = 0

    @property
    def objections(self) -> list[str]:
        """What has failed beside the verdict."""
        return self._proof.objections

    async def run(self, supply: Supply, names: Sequence[str]) -> Verdict:
        """Load the system, do all faults to it, and judge. Raises NoRecovery and whatever fails."""
        ports = self._system.settings.ports
        async with Proxy(ports.kafka_proxy, ports.kafka_behind_proxy) as proxy:
            await asyncio.to_thread(self._system.submit_all)
            with Reader(self._servers, ENRICHED) as reader:
                world = await self._under_load(supply, proxy, names)
                self.recommits = world.recommits
                return await asyncio.to_thread(self._judge, world, reader)

    async def _under_load(self, supply: Supply, proxy: Proxy, names: Sequence[str]) -> World:
        """Everything until the last delivery is acknowledged and through both jobs."""
        urls, seed = self._system.stack.collector_urls, self._chosen.seed
        async with Sender(urls, seed) as sender, asyncio.TaskGroup() as group:
            load = Load(supply.next, sender.send, self._proof.account)
            world = World(self._system, proxy, load, sender, random.Random(f"faults-{seed}"))
            clock = group.create_task(ticking.tick(self._proof.clock))
            running = group.create_task(load.run())
            load.go(await self._rate(load))
            for name in names:
                await self._fault(world, name)
            load.stop()
            await running
            await capacity.drained(self._servers)
            clock.cancel()
        return world

    async def _rate(self, load: Load) -> float:
        """Lines a second of the load: a share of what the system carries."""
        measured, share = await capacity.measure(load, self._proof.account, self._servers), self._chosen.load_share
        self._report.say(f"capacity {measured:,.0f} lines/s; the load is {share:.0%} of that")
        return measured * share

    async def _fault(self, world: World, name: str) -> None:
        try:
            await self._get_over(world, name)
        except (TimeoutError, NoRecovery) as error:
            raise NoRecovery(f"{name}: {str(error) or 'what it waits for did not happen'}") from error

    async def _get_over(self, world: World, name: str) -> None:
        fault = registry.make(name)
        await fault.inject(world)
        recovery = Recovery(self._system)
        began = time.monotonic()
        await fault.end(world)
        await recovery.complete()
        self._report.add(Outcome(kind=name, detail=fault.detail, recovery_s=time.monotonic() - began))
        await fault.afterwards(world)
        await Recovery(self._system).complete()

    def _judge(self, world: World, reader: Reader) -> Verdict:
        """Let every hour settle, have the loss that was made on purpose named and healed, and compare."""
        self._proof.settle()
        copies = self._proof.copies(reader, world.expired)
        if world.expired:
            self._heal()
        self._proof.audit()
        return self._proof.verdict(copies)

    def _heal(self) -> None:
        """The audit must name what was left to expire; reprocess counts the hours anew that it names."""
        found = self._proof.run("ops.audit", "--raw", accepted=(0, 1))
        self._report.say("the audit of what the expired transaction has lost:")
        print(found, flush=True)
        named = [hours.parse(hour) for hour in _NAMED.findall(found)]
        if not named:
            self._proof.object("a transaction has expired, and the audit names no hour to reprocess")
            return
        self._proof.reprocess(Hours(min(named), max(named)))
