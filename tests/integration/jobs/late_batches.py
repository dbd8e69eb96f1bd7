"""What the job's two sinks are given for a late batch, as the operators make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from jobs.media_usage import statements
from jobs.media_usage.batch_tally import LATE, WAITING, BatchTally, LedgerRow
from jobs.media_usage.operators.outputs import BatchOutputs
from jobs.media_usage.statements import Statement
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey

HOUR_MS: Final = 3_600_000
HOUR: Final = 490_000 * HOUR_MS

_STATEMENTS: Final = {"ledger": statements.LEDGER, "corrections": statements.LATE_BATCH}

Bill = Mapping[tuple[str, str, str], int]


class Write(NamedTuple):
    """A statement with its parameters, in the order of the sink that executes it."""

    statement: Statement
    values: tuple[object, ...]


class Copy(NamedTuple):
    """A copy of a late batch: hours from the batch's hour to its publication, and what it bills to whom."""

    published_h: int
    bill: Bill
    batch_id: str = "b1"

    @property
    def published_at_ms(self) -> int:
        return HOUR + self.published_h * HOUR_MS

    @property
    def tally(self) -> BatchTally:
        ledger = LedgerRow(
            hour_ms=HOUR,
            batch_id=self.batch_id,
            path=LATE,
            boot_id="boot-1",
            source_id="fastly",
            received_at_ms=self.published_at_ms,
            published_at_ms=self.published_at_ms,
            records=len(self.bill),
            billed_ms=sum(self.bill.values()),
            outcomes='{"billed":1}',
            rejected="{}",
            unresolved_assets="{}",
            copies=0,
            rule_version="1",
            builds="x/y/z",
        )
        return BatchTally(ledger, {UsageKey(*key): Sums(ms, 1, 100, 1) for key, ms in self.bill.items()})


def counted(copy: Copy, *, compared: bool = False) -> Write:
    """The copy as the first one that the job knows of."""
    [write] = _writes(BatchOutputs().first_copy(copy.tally, compared=compared))
    return write


def waiting(copy: Copy) -> Write:
    row = copy.tally.ledger._replace(billed_ms=0, outcomes=f'{{"{WAITING}":1}}')
    [write] = _writes([BatchOutputs().waiting(row)])
    return write


def copied(copy: Copy, copies: int) -> Write:
    """The copy behind one that the job has counted."""
    [write] = _writes([BatchOutputs().copy(copy.tally.ledger._replace(copies=copies))])
    return write


def forgotten(copy: Copy) -> Write:
    """The copy when lines that it would be compared with are forgotten."""
    [write] = _writes(BatchOutputs().forgotten(copy.tally))
    return write


def _writes(outputs: Iterable[Any]) -> list[Write]:
    return [Write(_STATEMENTS[tag.tag_id], tuple(row)) for tag, row in outputs]
