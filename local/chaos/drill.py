"""A drill from start to end: load, faults one after the other, and the proof that the bill is exact all the same."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from local import billing, commands
from local.chaos import capacity, ticking
from local.chaos.account import Account
from local.chaos.faults import registry
from local.chaos.faults.world import World
from local.chaos.load import Load
from local.chaos.proxy import Proxy
from local.chaos.reader import Reader, read_all
from local.chaos.recovery import NoRecovery, Recovery
from local.chaos.report import Outcome, Report
from local.chaos.sender import Sender
from local.chaos.settings import ChaosSettings
from local.chaos.supply import Supply
from local.chaos.system import System
from local.chaos.verdict import Verdict, count_copies, judge
from local.clock import ClockFile
from local.commands import CommandFailed
from local.traffic.oracle import HOUR_MS
from ops import hours
from schemas.topics import ENRICHED, RAW

_SETTLE_SECONDS: Final = 300.0
_AUDIT_SECONDS: Final = 60
_COMMAND_SECONDS: Final = 1_800.0
#: The end of a line in which the audit names an hour that can be healed.
_NAMED: Final = re.compile(r"python -m ops\.reprocess (\S+) \S+$", re.MULTILINE)
_POLL_SECONDS: Final = 0.5
#: The clock's leap at the end: 72 hours until the last hour is settled, three of disorder, that hour, and some more.
_LEAP_MS: Final = 77 * HOUR_MS


class NotSettled(RuntimeError):
    """The hours did not settle, so that nothing could be compared; the message says how far it got."""


class Drill:
    """One drill on a running system that has no jobs yet."""

    def __init__(self, chosen: ChaosSettings, system: System, clock: ClockFile, report: Report) -> None:
        self._chosen = chosen
        self._system = system
        self._clock = clock
        self._report = report
        self._account = Account()
        self._servers = system.stack.kafka_bootstrap
        #: Commits that were proven to have come after the kill of who had promised them.
        self.recommits = 0
        #: What has failed beside the verdict.
        self.objections: list[str] = []

    async def run(self, supply: Supply, names: Sequence[str]) -> Verdict:
        """Load the system, do all faults to it, and judge. Raises NoRecovery, NotSettled and whatever fails."""
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
            load = Load(supply.next, sender.send, self._account)
            world = World(self._system, proxy, load, sender, random.Random(f"faults-{seed}"))
            clock = group.create_task(ticking.tick(self._clock))
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
        measured, share = await capacity.measure(load, self._account, self._servers), self._chosen.load_share
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
        self._settle()
        raw, enriched = read_all(self._servers, RAW), read_all(self._servers, ENRICHED)
        copies = count_copies(raw, reader.places, enriched, world.expired)
        if world.expired:
            self._heal()
        self._audit()
        return judge(self._account.bill(), billing.rows(self._system.stack.billing_dsn), copies)

    def _settle(self) -> None:
        """Let the clock leap until every hour is settled. Raises NotSettled."""
        last = hours.floor(datetime.fromtimestamp(self._clock.now_ms / 1_000, UTC))
        self._clock.advance(self._clock.now_ms + _LEAP_MS)
        wanted = last + 74 * hours.HOUR
        deadline = time.monotonic() + _SETTLE_SECONDS
        while (reached := billing.watermark(self._system.stack.billing_dsn)) is None or reached < wanted:
            if time.monotonic() > deadline:
                raise NotSettled(f"the watermark is {reached} after {_SETTLE_SECONDS:.0f} s, not {wanted}")
            time.sleep(_POLL_SECONDS)

    def _heal(self) -> None:
        """The audit must name what was left to expire; reprocess counts the hours anew that it names."""
        found = self._command("ops.audit", "--raw", accepted=(0, 1))
        self._report.say("the audit of what the expired transaction has lost:")
        print(found, flush=True)
        named = sorted(hours.parse(hour) for hour in _NAMED.findall(found))
        if not named:
            self._object("a transaction has expired, and the audit names no hour to reprocess")
            return
        first, last = hours.show(named[0]), hours.show(named[-1])
        self._report.say(f"reprocessing {first} to {last}")
        print(self._command("ops.reprocess", first, last, "--yes"), flush=True)

    def _audit(self) -> None:
        """Must be clean."""
        try:
            print(self._command("ops.audit", "--raw", f"--wait={_AUDIT_SECONDS}"), flush=True)
        except CommandFailed as failure:
            self._object(f"the audit is not clean: {failure}")

    def _object(self, objection: str) -> None:
        self._report.say(objection)
        self.objections.append(objection)

    def _command(self, module: str, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        environ = self._system.stack.environ
        return commands.run(environ, module, *arguments, timeout=_COMMAND_SECONDS, accepted=accepted)
