"""The end of a drill: every hour settles, operators' commands heal and audit, and the bill is compared."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from local import billing, commands
from local.clock import ClockFile
from local.commands import CommandFailed
from local.drill.account import Account
from local.drill.reader import Reader, read_all
from local.drill.report import Report
from local.drill.verdict import Copies, Stretch, Verdict, count_copies, judge
from local.stack import Stack
from local.traffic.comparison import Difference, compare
from local.traffic.oracle import HOUR_MS
from ops import hours
from ops.hours import Hours
from schemas.topics import ENRICHED, RAW

_SETTLE_SECONDS: Final = 300.0
_AUDIT_SECONDS: Final = 60
#: A drill makes up to twenty million records, and on two busy cores 10,000 of them are counted anew a second.
_COMMAND_SECONDS: Final = 3_600.0
#: The clock's leap at the end: 72 hours until the last hour is settled, three of disorder, that hour, and some more.
_LEAP_MS: Final = 77 * HOUR_MS


@dataclass
class Proof:
    """What a drill's load should have been billed, against what was."""

    stack: Stack
    clock: ClockFile
    report: Report
    account: Account = field(default_factory=Account)
    #: What has failed beside the verdict.
    objections: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Let the clock leap until every hour is settled. Raises TimeoutError."""
        last = hours.floor(datetime.fromtimestamp(self.clock.now_ms / 1_000, UTC))
        self.clock.advance(self.clock.now_ms + _LEAP_MS)
        billing.wait_watermark(self.stack.billing_dsn, last + 74 * hours.HOUR, _SETTLE_SECONDS)

    def copies(self, reader: Reader, expired: Sequence[Stretch] = ()) -> Copies:
        """Batches of enriched against those of raw, as of now and as the reader has seen them all along."""
        servers = self.stack.kafka_bootstrap
        return count_copies(read_all(servers, RAW), reader.places, read_all(servers, ENRICHED), expired)

    def differences(self) -> list[Difference]:
        """Rows that are billed wrongly as of now."""
        return compare(self.account.bill(), billing.rows(self.stack.billing_dsn))

    def reprocess(self, range_: Hours) -> None:
        """Count these hours anew, as an operator does. Raises CommandFailed."""
        self.report.say(f"reprocessing {range_}")
        print(self.run("ops.reprocess", hours.show(range_.first), hours.show(range_.last), "--yes"), flush=True)

    def audit(self) -> None:
        """Object to an audit that is not clean."""
        try:
            print(self.run("ops.audit", "--raw", f"--wait={_AUDIT_SECONDS}"), flush=True)
        except CommandFailed as failure:
            self.object(f"the audit is not clean: {failure}")

    def verdict(self, copies: Copies) -> Verdict:
        """The bill as of now, and these copies."""
        return judge(self.account.bill(), billing.rows(self.stack.billing_dsn), copies)

    def object(self, objection: str) -> None:
        """Say what has failed; the drill fails, and goes on to show more."""
        self.report.say(objection)
        self.objections.append(objection)

    def run(self, module: str, *arguments: str, accepted: Container[int] = (0,)) -> str:
        """What an operator's command prints. Raises CommandFailed for a status that is not accepted."""
        return commands.run(self.stack.environ, module, *arguments, timeout=_COMMAND_SECONDS, accepted=accepted)
