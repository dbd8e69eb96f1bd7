"""What files would add to the bill, hour by hour, and which of it may be there already. Pure.

A batch that the ledger has under its very id is no danger: its copy is dropped. Danger is the same line under another
id: pushed in a delivery with other borders, by syslog, or from a file that was packed otherwise. Lines tell that
themselves only where the source has `deduplicate_records`, and not for ever. So an hour of which the ledger has other
deliveries of the source is doubtful, and so is one that is not closed, whose deliveries may still be on their way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from collectors.batches.blocks import BlockResult
from ops import hours
from schemas.batch import ALLOWED_LATENESS_MS, HOUR_MS, NO_HOUR_MS, is_late
from schemas.cdn_logs_pb2 import AccessLogBatch

#: Lines are compared by when their batch is published, which is at the end of a run: so much longer may that take.
_LONGEST_RUN_MS: Final = 12 * HOUR_MS


class Verdict(StrEnum):
    """Whether an hour's new batches may be published."""

    RECORDED = "in the ledger already"
    MISSING = "missing"
    RECOGNISED = "repeated lines are recognised"
    OTHERS = "DOUBTFUL, other deliveries are billed"
    OPEN = "DOUBTFUL, the hour is not closed"


#: Verdicts of hours that are published without being asked twice.
SAFE: Final = frozenset({Verdict.MISSING, Verdict.RECOGNISED})


class Counted(NamedTuple):
    """Batches, and the records in them."""

    batches: int = 0
    records: int = 0

    def plus(self, records: int) -> Counted:
        """With one more batch."""
        return Counted(self.batches + 1, self.records + records)

    def more(self, other: Counted) -> Counted:
        """With those of another."""
        return Counted(self.batches + other.batches, self.records + other.records)

    def less(self, other: Counted) -> Counted:
        """Without those of another."""
        return Counted(self.batches - other.batches, self.records - other.records)


NOTHING: Final = Counted()


@dataclass
class HourSums:
    """What the files hold of an hour: batches that the ledger lacks, and those that it has, as it has them."""

    new: Counted = NOTHING
    recorded: Counted = NOTHING
    #: New records that carry no request id.
    unidentified: int = 0

    def merge(self, other: HourSums) -> None:
        """Count what another has."""
        self.new, self.recorded = self.new.more(other.new), self.recorded.more(other.recorded)
        self.unidentified += other.unidentified


@dataclass
class Contents:
    """What files hold, added up."""

    lines: int = 0
    records: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    hours: defaultdict[datetime, HourSums] = field(default_factory=lambda: defaultdict(HourSums))
    #: Batches that the ledger lacks and that hold nothing but counts of rejected lines.
    new_rejects: int = 0

    def add(self, result: BlockResult, recorded: Mapping[str, int]) -> None:
        """Count a block. `recorded` has the records of the batches that the ledger has, by id."""
        self.lines += lines_of(result)
        self.rejected.update(letter.reason for letter in result.dead_letters)
        for batch in result.batches:
            self.records += len(batch.records)
            self._add_batch(batch, recorded.get(batch.header.batch_id))

    def merge(self, other: Contents) -> None:
        """Count what another holds."""
        self.lines += other.lines
        self.records += other.records
        self.rejected.update(other.rejected)
        self.new_rejects += other.new_rejects
        for hour, sums in other.hours.items():
            self.hours[hour].merge(sums)

    def _add_batch(self, batch: AccessLogBatch, recorded: int | None) -> None:
        if batch.header.hour_ms == NO_HOUR_MS:
            self.new_rejects += recorded is None
            return
        sums = self.hours[hours.of_epoch_ms(batch.header.hour_ms)]
        if recorded is not None:
            sums.recorded = sums.recorded.plus(recorded)
            return
        sums.new = sums.new.plus(len(batch.records))
        sums.unidentified += sum(not record.request_id for record in batch.records)


def lines_of(result: BlockResult) -> int:
    """How many lines a block has."""
    return len(result.dead_letters) + sum(len(batch.records) for batch in result.batches)


class Judged(NamedTuple):
    """An hour of the files, and what the ledger has of it from other deliveries of the source."""

    hour: datetime
    sums: HourSums
    others: Counted
    verdict: Verdict
    #: Past the billing horizon: its batches become corrections.
    late: bool


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known beside the files.

    `ledger` has the source's batches by hour, `closed` is the last hour whose windows have fired (None: not known).
    """

    ledger: Mapping[datetime, Counted]
    closed: datetime | None
    deduplicates: bool
    now_ms: int


def judge(contents: Contents, around: Surroundings) -> list[Judged]:
    """Every hour of the files, in order."""
    return [_judge(hour, sums, around) for hour, sums in sorted(contents.hours.items())]


def _judge(hour: datetime, sums: HourSums, around: Surroundings) -> Judged:
    others = around.ledger.get(hour, NOTHING).less(sums.recorded)
    late = is_late(hours.epoch_ms(hour), around.now_ms)
    return Judged(hour, sums, others, _verdict(hour, sums, others, around), late)


def _verdict(hour: datetime, sums: HourSums, others: Counted, around: Surroundings) -> Verdict:
    if not sums.new.batches:
        return Verdict.RECORDED
    if _is_recognised(hour, sums, around):
        return Verdict.RECOGNISED
    if others.batches:
        return Verdict.OTHERS
    if around.closed is None or hour > around.closed:
        return Verdict.OPEN
    return Verdict.MISSING


def _is_recognised(hour: datetime, sums: HourSums, around: Surroundings) -> bool:
    """As repeated_lines.is_recognised will say of each batch, at whatever moment of the run it is published."""
    published_by_ms = around.now_ms + _LONGEST_RUN_MS
    in_time = published_by_ms - (hours.epoch_ms(hour) + HOUR_MS) <= ALLOWED_LATENESS_MS
    return around.deduplicates and in_time and not sums.unidentified


def doubtful(judged: Iterable[Judged]) -> list[Judged]:
    """The hours of which something might be billed twice."""
    return [one for one in judged if one.verdict in (Verdict.OTHERS, Verdict.OPEN)]


def wanted(result: BlockResult, recorded: Collection[str], chosen: Collection[datetime]) -> BlockResult:
    """What of a block the ledger lacks, in the chosen hours. Rejected lines go with the batch that counts them."""
    pairs = [
        (batch, times_ms)
        for batch, times_ms in zip(result.batches, result.event_times_ms, strict=True)
        if batch.header.batch_id not in recorded and _is_chosen(batch, chosen)
    ]
    batches = [batch for batch, _ in pairs]
    counts_rejected = bool(batches) and batches[0] is result.batches[0]
    return BlockResult(
        batches=batches,
        dead_letters=result.dead_letters if counts_rejected else [],
        event_times_ms=[times_ms for _, times_ms in pairs],
    )


def _is_chosen(batch: AccessLogBatch, chosen: Collection[datetime]) -> bool:
    """Batches of nothing but rejected lines bill nothing, whichever hour they are of."""
    return batch.header.hour_ms == NO_HOUR_MS or hours.of_epoch_ms(batch.header.hour_ms) in chosen
