"""Enriched message in, its tally out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.datastream import ProcessFunction, RuntimeContext

from jobs.build import BUILD_ID, require_build
from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.repeated_lines import is_recognised, lines_of
from jobs.media_usage.rules import RuleSchedule
from schemas.batch import parse_batch
from schemas.cdn_logs_pb2 import BatchKind
from schemas.metrics import jobs as defined


class TallyFunction(ProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Tallies batches, each by the rule of its hour, and passes heartbeats on.

    Raises InvalidBatch: enrichment has checked the contract, so a batch that breaks it here is a fault of ours, and
    going on would lose it.
    """

    def __init__(self, rules: RuleSchedule) -> None:
        self._build = BUILD_ID
        self._rules = rules
        self._records: Any

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        # A counter, never a gauge: see jobs/flink/totals.py.
        self._records = runtime_context.get_metrics_group().counter(defined.RECORDS.name)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[str]:
        batch = parse_batch(value)
        if batch.header.kind == BatchKind.BATCH_KIND_HEARTBEAT:
            yield wire.heartbeat(batch.header.heartbeat, batch.header.published_at_ms)
        else:
            self._records.inc(len(batch.records))
            rule = self._rules.at(batch.header.hour_ms)
            lines = lines_of(batch, rule) if is_recognised(batch.header) else None
            yield wire.tallied(tally_batch(batch, rule), lines)
