"""Keyed by batch id: the first copy of a batch counts, further ones are dropped and counted.

The gate is here too: a late batch goes straight to corrections and never to a window. Lateness stands in the batch's
header. It is never asked of a watermark: watermarks are in no checkpoint, so after a restore the window would take
late data for on-time and open a second window for a finished hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyflink.common import Row, TypeInformation, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import ValueState, ValueStateDescriptor

from jobs.build import BUILD_ID, require_build
from jobs.media_usage import wire
from jobs.media_usage.batch_tally import LATE, WINDOW, BatchTally
from jobs.media_usage.statements import COLLECTOR_TOTALS, CORRECTION, LEDGER, WATERMARK, Statement

JOB_NAME = "media-usage"
_NO_WATERMARK_YET = 0


def row_type(statement: Statement) -> TypeInformation:
    """Row type of a statement's parameters. A new object each time: a used one holds a Java handle."""
    return Types.ROW([Types.LONG() if kind == "bigint" else Types.STRING() for kind in statement.parameters])


def ledger_tag() -> OutputTag:
    return OutputTag("ledger", row_type(LEDGER))


def corrections_tag() -> OutputTag:
    return OutputTag("corrections", row_type(CORRECTION))


def totals_tag() -> OutputTag:
    return OutputTag("collector-totals", row_type(COLLECTOR_TOTALS))


def watermark_tag() -> OutputTag:
    return OutputTag("watermark", row_type(WATERMARK))


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
    """Usage messages of on-time batches to the main output; ledger, corrections and progress to side outputs."""

    def __init__(self) -> None:
        self._build = BUILD_ID
        self._ledger, self._corrections = ledger_tag(), corrections_tag()
        self._totals, self._watermark = totals_tag(), watermark_tag()
        self._seen: ValueState

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        self._seen = runtime_context.get_state(ValueStateDescriptor("seen", Types.LONG()))

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        message = wire.parse(value)
        if isinstance(message, BatchTally):
            yield from self._batch(message, ctx)
        else:
            for totals in message:
                yield self._totals, Row(*totals)
            yield from self._progress(ctx.timer_service().current_watermark())

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        self._seen.clear()
        yield from ()

    def _batch(self, tally: BatchTally, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        before = self._seen.value()
        seen = Seen(tally.ledger.path, 0) if before is None else Seen.decode(before).another()
        self._seen.update(seen.encode())
        ctx.timer_service().register_event_time_timer(tally.remembered_until_ms)
        yield self._ledger, Row(*tally.ledger._replace(path=seen.path, copies=seen.copies))
        if before is None:
            yield from self._first_copy(tally)

    def _first_copy(self, tally: BatchTally) -> Iterator[Any]:
        if tally.ledger.path != LATE:
            yield from wire.usage_messages(tally)
            return
        for key, sums in tally.usage.items():
            yield self._corrections, Row(tally.ledger.hour_ms, tally.ledger.batch_id, *key, *sums)

    def _progress(self, watermark_ms: int) -> Iterator[Any]:
        if watermark_ms > _NO_WATERMARK_YET:
            yield self._watermark, Row(JOB_NAME, watermark_ms)
