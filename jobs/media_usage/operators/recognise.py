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
from jobs.media_usage.batch_tally import DEDUPLICATION_MS
from jobs.media_usage.operators.outputs import BatchOutputs
from schemas.batch import HOUR_MS


class RecogniseFunction(KeyedProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Batches in, as the deduplication passes them on; out comes what deduplication gives for any other batch.

    State: the identities of the hour's lines, until no batch can be compared with them any more.
    """

    def __init__(self) -> None:
        self._build = BUILD_ID
        self._outputs = BatchOutputs()
        self._identities: MapState
        self._repeated: Any

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        descriptor = MapStateDescriptor("identities", Types.STRING(), Types.BOOLEAN())
        self._identities = runtime_context.get_map_state(descriptor)
        # A counter, never a gauge: see jobs/flink/totals.py.
        self._repeated = runtime_context.get_metrics_group().counter("repeated_lines")

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        tally, lines = wire.parse_lines(value)
        ctx.timer_service().register_event_time_timer(tally.ledger.hour_ms + HOUR_MS + DEDUPLICATION_MS)
        counted, new = repeated_lines.without_repeated(tally, lines, self._identities.contains)
        # All at once: a call into the JVM costs more than what it does there.
        self._identities.put_all(new)
        self._repeated.inc(repeated_lines.count(counted))
        yield from self._outputs.first_copy(counted)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        self._identities.clear()
        yield from ()
