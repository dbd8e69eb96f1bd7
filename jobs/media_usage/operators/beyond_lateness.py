"""What the window refused: an alert, because the batch contract says that it cannot happen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from pyflink.datastream import ProcessFunction, RuntimeContext

from jobs.media_usage import wire
from schemas.metrics import jobs as defined

_log = logging.getLogger(__name__)


class BeyondLatenessAlert(ProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Counts and logs on-time messages that came after their window was gone.

    Their batch stands in the ledger, so the audit names the hour, and `reprocess` heals it.
    """

    def __init__(self) -> None:
        self._refused: Any

    def open(self, runtime_context: RuntimeContext) -> None:
        # A counter, never a gauge: see jobs/flink/totals.py.
        self._refused = runtime_context.get_metrics_group().counter(defined.BEYOND_ALLOWED_LATENESS.name)

    def process_element(self, value: str, ctx: ProcessFunction.Context) -> Iterator[str]:
        self._refused.inc()
        hour_ms, rows = wire.usage_hour(wire.key_of(value)), [key for key, _ in wire.usage_rows(value)]
        _log.error("on-time rows came after their window was gone: hour %d, %s", hour_ms, rows)
        yield from ()
