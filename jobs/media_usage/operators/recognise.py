"""Keyed by source and hour: lines that a source sends again in another delivery are counted once.

Only batches of sources that ask for it come here, behind the deduplication of whole batches. All lines of a batch have
one source and one hour, so one task sees all that could be the same, and a batch needs no putting together again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapState, MapStateDescriptor

from jobs.build import BUILD_ID, require_build
from jobs.media_usage import repeated_lines, wire
from jobs.media_usage.batch_tally import DEDUPLICATION_MS, LATE, WAITING, BatchTally, LedgerRow
from jobs.media_usage.operators.outputs import BatchOutputs
from jobs.media_usage.repeated_lines import Lines
from schemas.batch import BILLING_HORIZON_MS, HOUR_MS
from schemas.metrics import jobs as defined


def on_time_is_complete_at(hour_ms: int) -> int:
    """Event time at which every on-time batch of an hour has come (docs/architecture.md: the batch contract)."""
    return hour_ms + HOUR_MS + BILLING_HORIZON_MS


def forgotten_at(hour_ms: int) -> int:
    """Event time at which no batch can be compared with the hour's lines any more."""
    return hour_ms + HOUR_MS + DEDUPLICATION_MS


class RecogniseFunction(KeyedProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Batches in, as the deduplication passes them on; out comes what deduplication gives for any other batch.

    A late batch waits until the hour's on-time batches have come, which live takes an hour or two and in a replay may
    be long after it was read: a line that stands in both always counts in the hour's window, never in a correction.

    State: the identities of the hour's lines, what the ranges of each client and segment have billed, in milliseconds,
    and the late batches that wait, by their ids.
    """

    def __init__(self) -> None:
        self._build = BUILD_ID
        self._outputs = BatchOutputs()
        self._identities: MapState
        self._ranges_ms: MapState
        self._waiting: MapState
        self._repeated: Any

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        identities = MapStateDescriptor("identities", Types.STRING(), Types.BOOLEAN())
        ranges_ms = MapStateDescriptor("ranges-ms", Types.STRING(), Types.LONG())
        waiting = MapStateDescriptor("waiting", Types.STRING(), Types.STRING())
        self._identities = runtime_context.get_map_state(identities)
        self._ranges_ms = runtime_context.get_map_state(ranges_ms)
        self._waiting = runtime_context.get_map_state(waiting)
        # A counter, never a gauge: see jobs/flink/totals.py.
        self._repeated = runtime_context.get_metrics_group().counter(defined.REPEATED_LINES.name)

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        tally, lines = wire.parse_lines(value)
        timers, complete_at = ctx.timer_service(), on_time_is_complete_at(tally.ledger.hour_ms)
        timers.register_event_time_timer(forgotten_at(tally.ledger.hour_ms))
        if tally.ledger.path == LATE and timers.current_watermark() < complete_at:
            self._waiting.put(tally.ledger.batch_id, value)
            timers.register_event_time_timer(complete_at)
            yield self._outputs.waiting(_waiting(tally))
        else:
            yield from self._count(tally, lines)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        for value in list(self._waiting.values()):
            yield from self._count(*wire.parse_lines(value))
        self._waiting.clear()
        # The later one of the two timers: those who were waiting have been compared.
        if ctx.timer_service().current_watermark() >= forgotten_at(wire.hour_of_source_key(ctx.get_current_key())):
            self._identities.clear()
            self._ranges_ms.clear()

    def _count(self, tally: BatchTally, lines: Lines) -> Iterator[Any]:
        counted = repeated_lines.without_repeated(tally, lines, self._identities.contains, self._billed_before)
        # All at once: a call into the JVM costs more than what it does there.
        self._identities.put_all(counted.identities)
        self._ranges_ms.put_all(counted.ranges_ms)
        self._repeated.inc(repeated_lines.count(counted.tally))
        yield from self._outputs.first_copy(counted.tally, compared=True)

    def _billed_before(self, viewing: str) -> int:
        return self._ranges_ms.get(viewing) or 0


def _waiting(tally: BatchTally) -> LedgerRow:
    """What the ledger says of a batch that waits: all its records, and that they bill nothing yet."""
    outcomes = f'{{"{WAITING}":{tally.ledger.records}}}'
    return tally.ledger._replace(billed_ms=0, outcomes=outcomes, unresolved_assets="{}")
