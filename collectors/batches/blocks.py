"""Cutting a delivery into blocks of lines, and a block into batches, by the batch contract (schemas/batch.py).

Everything here follows from the delivery alone, so that a retry, to whichever collector and at whatever time, makes
the same ids and the same records. The one input from outside is `received_at`, and only for the rule that refuses
the future and the far past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final, NamedTuple

from collectors.batches.hour_batch import HourBatch
from collectors.batches.records import InvalidLine, LineParser
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

    `event_times_ms` are those of each batch's records.
    """

    batches: list[AccessLogBatch]
    dead_letters: list[DeadLetter]
    event_times_ms: list[list[int]]


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
            event_time_ms = record.event_time_ms
            if not oldest <= event_time_ms <= newest:
                raise _outside_age_limits(event_time_ms > newest)
            work.hours[event_time_ms // HOUR_MS].add(number, record)
        except InvalidLine as error:
            work.reject(number, line, error)
    return work.result()


def _outside_age_limits(future: bool) -> InvalidLine:
    if future:
        return InvalidLine("future", f"the event is more than {MAX_FUTURE_MS // 60_000} minutes ahead")
    return InvalidLine("too-old", f"the event is more than {MAX_AGE_MS // (24 * HOUR_MS)} days old")


class _Hours(dict[int, HourBatch]):
    """The batch of each hour, by number of the hour since the epoch, made where it is first asked for."""

    def __init__(self, header_of: Callable[[int], BatchHeader]) -> None:
        super().__init__()
        self._header_of = header_of

    def __missing__(self, hour: int) -> HourBatch:
        batch = self[hour] = HourBatch(self._header_of(hour * HOUR_MS))
        return batch


class _BlockWork:
    """A block on its way to batches. Lines go straight into `hours`: a method between would cost every one."""

    def __init__(self, delivery: Delivery, first_line: int, origin: Origin) -> None:
        self.hours = _Hours(partial(_header, delivery, first_line, origin))
        self._delivery = delivery
        self._build = origin.build
        self._reasons: Counter[str] = Counter()
        self._dead_letters: list[DeadLetter] = []

    def reject(self, number: int, line: bytes, error: InvalidLine) -> None:
        self._reasons[error.reason] += 1
        self._dead_letters.append(
            DeadLetter(
                stage=_STAGE,
                reason=error.reason,
                detail=error.detail,
                # Longer ones would not fit a message, and nobody can replay them anyway.
                payload=line[:LINE_MAX_BYTES],
                source_id=self._delivery.source_id,
                delivery_id=self._delivery.delivery_id,
                line=number,
                received_at_ms=self._delivery.received_at_ms,
                build=self._build,
            )
        )

    def result(self) -> BlockResult:
        filled = [self.hours[hour] for hour in sorted(self.hours) if self.hours[hour].event_times_ms]
        hours = filled or [self.hours[NO_HOUR_MS // HOUR_MS]]
        batches = [hour.message() for hour in hours]
        batches[0].header.rejected.extend(
            ReasonCount(reason=reason, count=count) for reason, count in sorted(self._reasons.items())
        )
        times_ms = [hour.event_times_ms for hour in hours]
        return BlockResult(batches=batches, dead_letters=self._dead_letters, event_times_ms=times_ms)


def _header(delivery: Delivery, first_line: int, origin: Origin, hour_ms: int) -> BatchHeader:
    return BatchHeader(
        kind=BatchKind.BATCH_KIND_RECORDS,
        batch_id=batch_id(delivery.source_id, delivery.delivery_id, hour_ms, first_line),
        id_version=ID_VERSION,
        source_id=delivery.source_id,
        cdn=delivery.cdn,
        delivery_id=delivery.delivery_id,
        first_line=first_line,
        hour_ms=hour_ms,
        received_at_ms=delivery.received_at_ms,
        collector_build=origin.build,
        collector_boot=origin.boot_id,
        deduplicate_records=delivery.deduplicate_records,
    )
