"""What the audit concludes from the rows that its SQL gives: pure functions, a result a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from ops import hours


@dataclass(frozen=True, kw_only=True)
class Result:
    """Outcome of one check: how much was compared, and one line for each difference."""

    check: str
    examined: int
    unit: str
    differences: tuple[str, ...]


class OutcomeRow(NamedTuple):
    """Batches of one source in one hour; `records` and `accounted` are sums over the wrong ones."""

    hour: datetime
    source_id: str
    batches: int
    wrong: int
    records: int
    accounted: int
    example: str | None


class HourRow(NamedTuple):
    """Milliseconds of one hour in the ledger and in the bill; `sources` spells the ledger's out by source."""

    hour: datetime
    ledger_ms: int
    bill_ms: int
    sources: str


class Counts(NamedTuple):
    """Batches, and the records and rejected lines in them."""

    batches: int
    records: int
    rejected: int


class CollectorRow(NamedTuple):
    """One source of one collector process. `copied` counts dropped copies of the source, whoever sent them."""

    source_id: str
    boot_id: str
    acknowledged: Counts
    present: Counts
    copied: Counts


def outcomes(rows: Sequence[OutcomeRow]) -> Result:
    """Every record of every batch has exactly one outcome."""
    return Result(
        check="every record has one outcome",
        examined=sum(row.batches for row in rows),
        unit="batches",
        differences=tuple(_outcome_difference(row) for row in rows if row.wrong),
    )


def _outcome_difference(row: OutcomeRow) -> str:
    return (
        f"{row.source_id} {hours.show(row.hour)}: {row.wrong} of {row.batches} batches hold {row.records} records"
        f" and {row.accounted} outcomes, such as batch {row.example}"
    )


def bill(rows: Sequence[HourRow]) -> Result:
    """Every hour bills what its batches add up to."""
    return Result(
        check="every hour bills what its batches say",
        examined=len(rows),
        unit="hours",
        differences=tuple(_hour_difference(row) for row in rows if row.ledger_ms != row.bill_ms),
    )


def _hour_difference(row: HourRow) -> str:
    excess = row.bill_ms - row.ledger_ms
    verdict = f"{excess} ms too much" if excess > 0 else f"{-excess} ms missing"
    return f"{hours.show(row.hour)}: billed {row.bill_ms} ms, batches say {row.ledger_ms} ms ({row.sources}): {verdict}"


def collectors(rows: Sequence[CollectorRow]) -> Result:
    """Everything that Kafka acknowledged to a collector is in the ledger, as a batch or as a dropped copy.

    Rows come ordered by source. What a process lacks in the ledger is either a dropped copy or lost, so of each
    source the processes together may lack no more than its copies. A process that has more in the ledger than it
    said makes up for no other: it died, or goes on, after its last heartbeat.
    """
    by_source = [(source, list(group)) for source, group in groupby(rows, key=lambda row: row.source_id)]
    lines = (_source_difference(source, group) for source, group in by_source)
    return Result(
        check="every acknowledged batch is in the ledger",
        examined=len(rows),
        unit="collector sources",
        differences=tuple(line for line in lines if line),
    )


def _source_difference(source: str, rows: Sequence[CollectorRow]) -> str:
    lacking = [_lacking(row) for row in rows]
    lost = [sum(amounts) - copied for amounts, copied in zip(zip(*lacking, strict=True), rows[0].copied, strict=True)]
    words = [f"{n} {name}" for n, name in zip(lost, ("batches", "records", "rejected lines"), strict=True) if n > 0]
    if not words:
        return ""
    processes = (_process(row) for row, lack in zip(rows, lacking, strict=True) if any(lack))
    return f"{source}: {', '.join(words)} lost of collector {'; '.join(processes)}"


def _lacking(row: CollectorRow) -> Counts:
    pairs = zip(row.acknowledged, row.present, strict=True)
    return Counts(*(max(0, acknowledged - present) for acknowledged, present in pairs))


def _process(row: CollectorRow) -> str:
    return f"{row.boot_id} ({_words(row.acknowledged)} acknowledged, {_words(row.present)} in ledger)"


def _words(counts: Counts) -> str:
    return f"{counts.batches}/{counts.records}/{counts.rejected}"
