"""The drill from start to end: load, one upgrade after the other, and the proof that the bill is exact all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from local import billing, commands
from local.chaos import capacity, ticking
from local.chaos.account import Account
from local.chaos.load import Load
from local.chaos.reader import Reader, read_all
from local.chaos.sender import Sender
from local.chaos.supply import Supply
from local.chaos.verdict import Verdict, count_copies, judge
from local.clock import ClockFile
from local.commands import CommandFailed
from local.traffic.comparison import Difference, compare
from local.traffic.oracle import HOUR_MS
from local.upgrade_drill.drills import DRILLS
from local.upgrade_drill.report import Report
from local.upgrade_drill.system import USAGE, System
from local.waiting import until
from ops import hours
from ops.hours import Hours
from schemas.topics import ENRICHED, RAW

#: A fraction of what two cores carry: an upgrade compiles and starts three processes beside it.
LINES_A_SECOND: Final = 2_000.0
_SETTLE_SECONDS: Final = 300.0
_AUDIT_SECONDS: Final = 60
_COMMAND_SECONDS: Final = 900.0
#: 72 hours until the last hour is settled, three of disorder, that hour, and some more.
_LEAP_MS: Final = 77 * HOUR_MS
_IN_DOUBT: Final = "SELECT DISTINCT hour FROM hours_in_doubt ORDER BY hour"


class Drill:
    """One drill on a running system that has no jobs yet."""

    def __init__(self, system: System, clock: ClockFile, report: Report, seed: int) -> None:
        self._system = system
        self._clock = clock
        self._report = report
        self._seed = seed
        self._account = Account()
        self._servers = system.stack.kafka_bootstrap
        #: What has failed beside the verdict.
        self.objections: list[str] = []

    async def run(self, supply: Supply) -> Verdict:
        """Load the system, upgrade it in every way, and judge. Raises whatever fails."""
        await asyncio.to_thread(self._system.deploy_all)
        with Reader(self._servers, ENRICHED) as reader:
            await self._under_load(supply)
            return await asyncio.to_thread(self._judge, reader)

    async def _under_load(self, supply: Supply) -> None:
        """Everything until the last delivery is acknowledged and through both jobs."""
        async with Sender(self._system.stack.collector_urls, self._seed) as sender, asyncio.TaskGroup() as group:
            load = Load(supply.next, sender.send, self._account)
            clock = group.create_task(ticking.tick(self._clock))
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
        self._settle()
        doubtful = [hour for (hour,) in self._rows(_IN_DOUBT)]
        self._prove_marks(doubtful)
        self._heal(doubtful)
        copies = count_copies(read_all(self._servers, RAW), reader.places, read_all(self._servers, ENRICHED), ())
        self._audit()
        return judge(self._account.bill(), billing.rows(self._system.stack.billing_dsn), copies)

    def _settle(self) -> None:
        """Let the clock leap until every hour is settled. Raises TimeoutError."""
        last = hours.floor(datetime.fromtimestamp(self._clock.now_ms / 1_000, UTC))
        self._clock.advance(self._clock.now_ms + _LEAP_MS)
        dsn, wanted = self._system.stack.billing_dsn, last + 74 * hours.HOUR
        reached = lambda: (now := billing.watermark(dsn)) is not None and now >= wanted  # noqa: E731 - a condition
        until(reached, f"the watermark to reach {wanted:%Y-%m-%dT%H:%M}", _SETTLE_SECONDS)
        # With it everything that the watermark has fired is in the database.
        self._system.wait_checkpoint(USAGE)

    def _prove_marks(self, doubtful: Sequence[datetime]) -> None:
        """The broken builds have done harm, all of it in marked hours; and no period with one can be closed."""
        differences = compare(self._account.bill(), billing.rows(self._system.stack.billing_dsn))
        self._report.say(f"{len(differences)} rows are wrong before the healing, {len(doubtful)} hours are in doubt")
        if not differences:
            self._object("the broken builds have done no harm: nothing is proven")
        if outside := _outside(differences, doubtful):
            self._object(f"{len(outside)} wrong rows are in hours that nobody doubts")
        if not doubtful:
            return
        first, last = (hours.show(hour) for hour in (doubtful[0], doubtful[-1]))
        try:
            self._command("ops.close", "all", first, last, "--dry-run")
        except CommandFailed as refusal:
            if "had a hand in it" in str(refusal):
                return
        self._object("a period with hours in doubt was not refused for them")

    def _heal(self, doubtful: Sequence[datetime]) -> None:
        if not doubtful:
            return
        range_ = Hours(doubtful[0], doubtful[-1])
        self._report.say(f"reprocessing {range_}")
        print(self._command("ops.reprocess", hours.show(range_.first), hours.show(range_.last), "--yes"), flush=True)
        if left := self._rows(_IN_DOUBT):
            self._object(f"{len(left)} hours are still in doubt")

    def _audit(self) -> None:
        """Must be clean."""
        try:
            print(self._command("ops.audit", "--raw", f"--wait={_AUDIT_SECONDS}"), flush=True)
        except CommandFailed as failure:
            self._object(f"the audit is not clean: {failure}")

    def _rows(self, statement: str) -> list[tuple[datetime]]:
        return billing.query(self._system.stack.billing_dsn, statement)

    def _object(self, objection: str) -> None:
        self._report.say(objection)
        self.objections.append(objection)

    def _command(self, module: str, *arguments: str) -> str:
        return commands.run(self._system.stack.environ, module, *arguments, timeout=_COMMAND_SECONDS)


def _outside(differences: Sequence[Difference], doubtful: Sequence[datetime]) -> list[Difference]:
    """Rows that are wrong in hours which are not marked."""
    marked = {hours.epoch_ms(hour) for hour in doubtful}
    return [row for row in differences if row.about.hour_ms not in marked]
