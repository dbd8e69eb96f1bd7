"""Only the batches of the hours that are reprocessed: nothing else needs to be enriched again."""

from __future__ import annotations

from collections.abc import Iterator

from pyflink.datastream import ProcessFunction, RuntimeContext

from jobs.build import BUILD_ID, require_build
from schemas.batch import NO_HOUR_MS, InvalidBatch, hour_of, parse_batch
from schemas.cdn_logs_pb2 import BatchKind


class HoursFunction(ProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Passes messages of the hours [first_hour_ms, last_hour_ms] on.

    A batch of nothing but rejected lines has no hour: it belongs to that of its publication. Messages that break the
    contract are left out: the enrichment job has made dead letters of them.
    """

    def __init__(self, first_hour_ms: int, last_hour_ms: int) -> None:
        self._first = first_hour_ms
        self._last = last_hour_ms
        self._build = BUILD_ID

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[bytes]:
        if self.wanted(value):
            yield value

    def wanted(self, value: bytes) -> bool:
        """Whether a message of raw or enriched belongs to the hours."""
        try:
            header = parse_batch(value).header
        except InvalidBatch:
            return False
        has_hour = header.hour_ms != NO_HOUR_MS
        hour_ms = header.hour_ms if has_hour else hour_of(header.published_at_ms)
        return header.kind == BatchKind.BATCH_KIND_RECORDS and self._first <= hour_ms <= self._last
