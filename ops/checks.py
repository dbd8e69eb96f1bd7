"""What the audit concludes from the rows that its SQL gives: pure functions, a result a check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """Batches of one source in one hour.

    `records` and `accounted` are sums over those that are miscounted, `billed_ms` and `shared_ms` (what they bill to
    their environments) over those that are misbilled.
    """

    hour: datetime
    source_id: str
    batches: int
    miscounted: int
    records: int
    accounted: int
    misbilled: int
    billed_ms: int
    shared_ms: int
    example: str | None


class Amount(NamedTuple):
    """What is billed."""

    ms: int
    deliveries: int
    bytes: int


class HourRow(NamedTuple):
    """One environment's hour in the ledger and in the bill; `sources` spells the ledger's milliseconds out by source.

    `environment_id` is empty where batches do not tell it: then only milliseconds are compared.
    """

    hour: datetime
    environment_id: str
    ledger: Amount
    bill: Amount
    sources: str


class CorrectionRow(NamedTuple):
    """Late batches of one source in one hour; the milliseconds are sums over the wrong ones.

    `source_id` is empty where corrections have no batch.
    """

    hour: datetime
    source_id: str
    batches: int
    wrong: int
    ledger_ms: int
    corrected_ms: int
    example: str | None


class Counts(NamedTuple):
    """Batches, and the records and rejected lines in them."""

    batches: int
    records: int
    rejected: int


class CollectorRow(NamedTuple):
    """One source of one collector process. `copied` counts dropped copies of the source, whoever sent them.

    `since` and `until` are the hours of the heartbeats in which batches began to lack, and came to lack as now.
    """

    source_id: str
    boot_id: str
    acknowledged: Counts
    present: Counts
    copied: Counts
    since: datetime | None = None
    until: datetime | None = None


def outcomes(rows: Sequence[OutcomeRow]) -> Result:
    """Every record of every batch has exactly one outcome, and every batch bills what it bills to environments."""
    return Result(
        check="every record has one outcome",
        examined=sum(row.batches for row in rows),
        unit="batches",
        differences=tuple(line for row in rows for line in _outcome_differences(row)),
    )


def _outcome_differences(row: OutcomeRow) -> Iterator[str]:
    where, example = f"{row.source_id} {hours.show(row.hour)}", f"such as batch {row.example}"
    if row.miscounted:
        told = f"hold {row.records} records and {row.accounted} outcomes"
        yield f"{where}: {row.miscounted} of {row.batches} batches {told}, {example}"
    if row.misbilled:
        told = f"bill {row.billed_ms} ms, and {row.shared_ms} ms to their environments"
        yield f"{where}: {row.misbilled} of {row.batches} batches {told}, {example}"


def bill(rows: Sequence[HourRow]) -> Result:
    """Every hour bills to every environment what its batches add up to."""
    return Result(
        check="every hour bills what its batches say",
        examined=len({row.hour for row in rows}),
        unit="hours",
        differences=tuple(_hour_difference(row) for row in rows if row.ledger != row.bill),
    )


def _hour_difference(row: HourRow) -> str:
    where = " ".join(filter(None, (hours.show(row.hour), row.environment_id)))
    units = ("ms", "deliveries", "bytes")
    pairs = [pair for pair in zip(units, row.bill, row.ledger, strict=True) if pair[1] != pair[2]]
    billed = ", ".join(f"{bill} {unit}" for unit, bill, _ in pairs)
    said = ", ".join(f"{ledger} {unit}" for unit, _, ledger in pairs)
    verdict = ", ".join(_excess(bill - ledger, unit) for unit, bill, ledger in pairs)
    return f"{where}: billed {billed}, batches say {said} ({row.sources}): {verdict}"


def _excess(amount: int, unit: str) -> str:
    return f"{amount} {unit} too much" if amount > 0 else f"{-amount} {unit} missing"


def corrections(rows: Sequence[CorrectionRow]) -> Result:
    """Every late batch is corrected by what its row in the ledger says."""
    return Result(
        check="every late batch is corrected as it says",
        examined=sum(row.batches for row in rows),
        unit="late batches",
        differences=tuple(_correction_difference(row) for row in rows if row.wrong),
    )


def _correction_difference(row: CorrectionRow) -> str:
    where, example = hours.show(row.hour), f"such as batch {row.example}"
    if not row.source_id:
        return (
            f"{where}: corrections of {row.wrong} batches that are not in the ledger, {row.corrected_ms} ms, {example}"
        )
    told = f"corrected by {row.corrected_ms} ms, and say {row.ledger_ms} ms"
    return f"{row.source_id} {where}: {row.wrong} of {row.batches} late batches are {told}, {example}"


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
    told = f"{row.boot_id} ({_words(row.acknowledged)} acknowledged, {_words(row.present)} in ledger"
    if row.since is None or row.until is None:
        return f"{told})"
    return f"{told}, lacking since {hours.show(row.since)}, all since {hours.show(row.until)})"


def _words(counts: Counts) -> str:
    return f"{counts.batches}/{counts.records}/{counts.rejected}"
