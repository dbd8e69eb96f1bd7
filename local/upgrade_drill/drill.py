"""The drill from start to end: load, one upgrade after the other, and the proof that the bill is exact all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from local import billing
from local.clock import ClockFile
from local.commands import CommandFailed
from local.drill import capacity, ticking
from local.drill.load import Load
from local.drill.proof import Proof
from local.drill.reader import Reader
from local.drill.sender import Sender
from local.drill.supply import Supply
from local.drill.verdict import Verdict
from local.traffic.comparison import Difference
from local.upgrade_drill.drills import DRILLS
from local.upgrade_drill.report import Report
from local.upgrade_drill.system import USAGE, System
from ops import hours
from ops.hours import Hours
from schemas.topics import ENRICHED

#: A fraction of what two cores carry: an upgrade compiles and starts three processes beside it.
LINES_A_SECOND: Final = 2_000.0
_IN_DOUBT: Final = "SELECT DISTINCT hour FROM hours_in_doubt ORDER BY hour"


class Drill:
    """One drill on a running system that has no jobs yet."""

    def __init__(self, system: System, clock: ClockFile, report: Report, seed: int) -> None:
        self._system = system
        self._report = report
        self._seed = seed
        self._proof = Proof(system.stack, clock, report)
        self._servers = system.stack.kafka_bootstrap

    @property
    def objections(self) -> list[str]:
        """What has failed beside the verdict."""
        return self._proof.objections

    async def run(self, supply: Supply) -> Verdict:
        """Load the system, upgrade it in every way, and judge. Raises whatever fails."""
        await asyncio.to_thread(self._system.deploy_all)
        with Reader(self._servers, ENRICHED) as reader:
            await self._under_load(supply)
            return await asyncio.to_thread(self._judge, reader)

    async def _under_load(self, supply: Supply) -> None:
        """Everything until the last delivery is acknowledged and through both jobs."""
        async with Sender(self._system.stack.collector_urls, self._seed) as sender, asyncio.TaskGroup() as group:
            load = Load(supply.next, sender.send, self._proof.account)
            clock = group.create_task(ticking.tick(self._proof.clock))
            running = group.create_task(load.run())
            load.go(LINES_A_SECOND)
            for name, drill in DRILLS.items():
                self._report.add(name, await asyncio.to_thread(drill, self._system))
            load.stop()
            await running
            await capacity.drained(self._servers)
            clock.cancel()

    def _judge(self, reader: Reader) -> Verdict:
        """Let every hour settle, prove that the doubt is about what is wrong, have it healed, and compare."""
        self._proof.settle()
        # With it everything that the watermark has fired is in the database.
        self._system.wait_checkpoint(USAGE)
        doubtful = self._in_doubt()
        self._prove_marks(doubtful)
        self._heal(doubtful)
        copies = self._proof.copies(reader)
        self._proof.audit()
        return self._proof.verdict(copies)

    def _prove_marks(self, doubtful: Sequence[datetime]) -> None:
        """The broken builds have done harm, all of it in marked hours; and no period with one can be closed."""
        differences = self._proof.differences()
        self._report.say(f"{len(differences)} rows are wrong before the healing, {len(doubtful)} hours are in doubt")
        if not differences:
            self._proof.object("the broken builds have done no harm: nothing is proven")
        if outside := _outside(differences, doubtful):
            self._proof.object(f"{len(outside)} wrong rows are in hours that nobody doubts")
        if not doubtful:
            return
        first, last = (hours.show(hour) for hour in (doubtful[0], doubtful[-1]))
        try:
            self._proof.run("ops.close", "all", first, last, "--dry-run")
        except CommandFailed as refusal:
            if "had a hand in it" in str(refusal):
                return
        self._proof.object("a period with hours in doubt was not refused for them")

    def _heal(self, doubtful: Sequence[datetime]) -> None:
        if not doubtful:
            return
        self._proof.reprocess(Hours(doubtful[0], doubtful[-1]))
        if left := self._in_doubt():
            self._proof.object(f"{len(left)} hours are still in doubt")

    def _in_doubt(self) -> list[datetime]:
        return [hour for (hour,) in billing.query(self._system.stack.billing_dsn, _IN_DOUBT)]


def _outside(differences: Sequence[Difference], doubtful: Sequence[datetime]) -> list[Difference]:
    """Rows that are wrong in hours which are not marked."""
    marked = {hours.epoch_ms(hour) for hour in doubtful}
    return [row for row in differences if row.about.hour_ms not in marked]
