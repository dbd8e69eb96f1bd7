"""Cutting a delivery into blocks of lines, and a block into batches, by the batch contract (schemas/batch.py).

Everything here follows from the delivery alone, so that a retry, to whichever collector and at whatever time, makes
the same ids and the same records. The one input from outside is `received_at`, and only for the rule that refuses
the future and the far past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from collectors.batches.hour_batch import HourBatch
from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.origin import Origin
from schemas.batch import (
    BLOCK_MAX_BYTES,
    BLOCK_MAX_LINES,
    HOUR_MS,
    ID_VERSION,
    LINE_MAX_BYTES,
    MAX_AGE_MS,
    MAX_FUTURE_MS,
    NO_HOUR_MS,
    batch_id,
)
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader, BatchKind, DeadLetter, ReasonCount

_STAGE: Final = "collector"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Lines that arrived together. `received_at_ms` is when they were first accepted.

    `deduplicate_records`: the source may send a line again in another delivery, and its lines can be told apart.
    """

    source_id: str
    cdn: str
    delivery_id: str
    received_at_ms: int
    lines: Sequence[bytes]
    deduplicate_records: bool = False


class Block(NamedTuple):
    """Consecutive lines of a delivery; `first_line` is the number of the first of them."""

    first_line: int
    lines: Sequence[bytes]


@dataclass(frozen=True, kw_only=True)
class BlockResult:
    """What a block became: every line is in exactly one of `batches` and `dead_letters`.

    `event_times_ms` are those of the records, in the order of lines.
    """

    batches: list[AccessLogBatch]
    dead_letters: list[DeadLetter]
    event_times_ms: list[int]


def cut_blocks(lines: Sequence[bytes]) -> Iterator[Block]:
    """Blocks of at most 1,000 lines and 256 KiB, in order.

    Line ends count nothing, and neither does a line that is too long by itself: it is rejected whatever stands
    beside it.
    """
    ends = list(accumulate(size if size <= LINE_MAX_BYTES else 0 for size in map(len, lines)))
    first = 0
    while first < len(lines):
        before = ends[first - 1] if first else 0
        most = min(first + BLOCK_MAX_LINES, len(lines))
        last = bisect_right(ends, before + BLOCK_MAX_BYTES, lo=first, hi=most)
        yield Block(first, lines[first:last])
        first = last


def parse_block(delivery: Delivery, block: Block, parse: LineParser, origin: Origin) -> BlockResult:
    """One batch for each hour that the block touches, and a dead letter for each line that became no record.

    A block of nothing but rejects still makes a batch, without an hour, so that its counts reach the audit.
    """
    work = _BlockWork(delivery, block.first_line, origin)
    oldest = delivery.received_at_ms - MAX_AGE_MS
    newest = delivery.received_at_ms + MAX_FUTURE_MS
    for number, line in enumerate(block.lines, block.first_line):
        try:
            if len(line) > LINE_MAX_BYTES:
                raise InvalidLine("line-too-long", f"the line has more than {LINE_MAX_BYTES} bytes")
            record = parse(line)
            if not oldest <= record.event_time_ms <= newest:
                raise _outside_age_limits(record.event_time_ms > newest)
        except InvalidLine as error:
            work.reject(number, line, error)
        else:
            work.add(number, record)
    return work.result()


def _outside_age_limits(future: bool) -> InvalidLine:
    if future:
        return InvalidLine("future", f"the event is more than {MAX_FUTURE_MS // 60_000} minutes ahead")
    return InvalidLine("too-old", f"the event is more than {MAX_AGE_MS // (24 * HOUR_MS)} days old")


@dataclass
class _BlockWork:
    delivery: Delivery
    first_line: int
    origin: Origin
    hours: dict[int, HourBatch] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    event_times_ms: list[int] = field(default_factory=list)

    def add(self, line: int, record: Record) -> None:
        self.event_times_ms.append(record.event_time_ms)
        hour_ms = record.event_time_ms - record.event_time_ms % HOUR_MS
        batch = self.hours.get(hour_ms)
        if batch is None:
            batch = self.hours[hour_ms] = HourBatch(self._header(hour_ms))
        batch.add(line, record)

    def reject(self, number: int, line: bytes, error: InvalidLine) -> None:
        self.reasons[error.reason] += 1
        self.dead_letters.append(
            DeadLetter(
                stage=_STAGE,
                reason=error.reason,
                detail=error.detail,
                # Longer ones would not fit a message, and nobody can replay them anyway.
                payload=line[:LINE_MAX_BYTES],
                source_id=self.delivery.source_id,
                delivery_id=self.delivery.delivery_id,
                line=number,
                received_at_ms=self.delivery.received_at_ms,
                build=self.origin.build,
            )
        )

    def result(self) -> BlockResult:
        batches = [self.hours[hour_ms].message() for hour_ms in sorted(self.hours)]
        if not batches:
            batches = [HourBatch(self._header(NO_HOUR_MS)).message()]
        batches[0].header.rejected.extend(
            ReasonCount(reason=reason, count=count) for reason, count in sorted(self.reasons.items())
        )
        return BlockResult(batches=batches, dead_letters=self.dead_letters, event_times_ms=self.event_times_ms)

    def _header(self, hour_ms: int) -> BatchHeader:
        delivery = self.delivery
        return BatchHeader(
            kind=BatchKind.BATCH_KIND_RECORDS,
            batch_id=batch_id(delivery.source_id, delivery.delivery_id, hour_ms, self.first_line),
            id_version=ID_VERSION,
            source_id=delivery.source_id,
            cdn=delivery.cdn,
            delivery_id=delivery.delivery_id,
            first_line=self.first_line,
            hour_ms=hour_ms,
            received_at_ms=delivery.received_at_ms,
            collector_build=self.origin.build,
            collector_boot=self.origin.boot_id,
            deduplicate_records=delivery.deduplicate_records,
        )
