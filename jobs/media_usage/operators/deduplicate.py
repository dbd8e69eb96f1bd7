"""Keyed by batch id: the first copy of a batch counts, further ones are dropped and counted.

The gate is here too (operators/outputs.py): a late batch goes straight to corrections and never to a window. Lateness
stands in the batch's header. It is never asked of a watermark: watermarks are in no checkpoint, so after a restore the
window would take late data for on-time and open a second window for a finished hour.

A batch is remembered longer than its window and its lines are. One that comes after that time for the first time breaks
the contract; it may well have been there, where messages of raw are produced again as they were. The ledger knows:
counted anew, an on-time copy would take its late copy's correction off the bill and bring nothing, and lines that are
known to be repeated would be billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, TimerService
from pyflink.datastream.state import ValueState, ValueStateDescriptor

from jobs.build import BUILD_ID, require_build
from jobs.media_usage import wire
from jobs.media_usage.batch_tally import LATE, WINDOW, BatchTally
from jobs.media_usage.operators.outputs import BatchOutputs, lines_tag, totals_tag, watermark_tag

JOB_NAME = "media-usage"
_NO_WATERMARK_YET = 0


class Seen(NamedTuple):
    """What is remembered of a batch: the path of its first copy, and how many came after. Stored as one integer."""

    path: str
    copies: int

    def another(self) -> Seen:
        return self._replace(copies=self.copies + 1)

    def encode(self) -> int:
        return self.copies * 2 + (self.path == LATE)

    @classmethod
    def decode(cls, stored: int) -> Seen:
        return cls(LATE if stored % 2 else WINDOW, stored // 2)


class DeduplicateFunction(KeyedProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Usage messages of on-time batches to the main output; ledger, corrections and progress to side outputs.

    Batches whose lines may come again elsewhere go to a side output whole: what they count is not known here.
    """

    def __init__(self) -> None:
        self._build = BUILD_ID
        self._outputs, self._lines = BatchOutputs(), lines_tag()
        self._totals, self._watermark = totals_tag(), watermark_tag()
        self._seen: ValueState

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        self._seen = runtime_context.get_state(ValueStateDescriptor("seen", Types.LONG()))

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        if wire.is_heartbeat(value):
            for totals in wire.parse_heartbeat(value):
                yield self._totals, Row(*totals)
            yield from self._progress(ctx.timer_service().current_watermark())
        else:
            yield from self._batch(value, ctx)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        self._seen.clear()
        yield from ()

    def _batch(self, message: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        tally, before = wire.parse_batch(message), self._seen.value()
        if before is None:
            yield from self._first_copy(tally, message, ctx.timer_service())
            return
        seen = Seen.decode(before).another()
        self._seen.update(seen.encode())
        yield self._outputs.copy(tally.ledger._replace(path=seen.path, copies=seen.copies))

    def _first_copy(self, tally: BatchTally, message: str, timers: TimerService) -> Iterator[Any]:
        if _is_forgotten(tally, message, timers.current_watermark()):
            yield from self._outputs.forgotten(tally)
            return
        self._seen.update(Seen(tally.ledger.path, 0).encode())
        timers.register_event_time_timer(tally.remembered_until_ms)
        if wire.has_lines(message):
            yield self._lines, wire.by_source_and_hour(tally, message)
        else:
            yield from self._outputs.first_copy(tally)

    def _progress(self, watermark_ms: int) -> Iterator[Any]:
        if watermark_ms > _NO_WATERMARK_YET:
            yield self._watermark, Row(JOB_NAME, watermark_ms)


def _is_forgotten(tally: BatchTally, message: str, watermark_ms: int) -> bool:
    """Whether a batch was there before, or should have been, and counts with others that are forgotten too.

    A late batch of whole lines may be counted at any time: of two accounts of it the ledger keeps the first copy's.
    """
    counts_with_others = tally.ledger.path == WINDOW or wire.has_lines(message)
    return counts_with_others and watermark_ms >= tally.remembered_until_ms
