"""The enrichment stage as a Flink operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import OutputTag, ProcessFunction, RuntimeContext

from jobs.build import BUILD_ID, require_build
from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.stage import EnrichmentStage
from jobs.enrichment.wiring import open_stage
from jobs.flink.kafka import key_and_value
from jobs.flink.totals import Totals


def dead_letter_tag() -> OutputTag:
    """Side output of messages for the dead-letter topic."""
    return OutputTag("dead-letter", key_and_value())


class EnrichmentFunction(ProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Raw message in, (key, value) of the enriched topic out, dead letters to the side output."""

    def __init__(self, settings: EnrichmentSettings) -> None:
        self._settings = settings
        self._build = BUILD_ID
        self._tag = dead_letter_tag()
        self._stage: EnrichmentStage
        self._totals: Totals

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        self._stage = open_stage(self._settings, waiting=self._export)
        self._totals = Totals(runtime_context.get_metrics_group(), self._stage.totals())

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[Any]:
        output = self._stage.process(value, ctx.timestamp())
        self._export()
        row = Row(output.key, output.value)
        yield (self._tag, row) if output.dead else row

    def close(self) -> None:
        self._stage.close()

    def _export(self) -> None:
        """Bring the metrics up to date: after every message, and while the task waits for a look-up."""
        self._totals.export()
