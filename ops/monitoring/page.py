"""The registry of metrics as a page for operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from schemas.metrics.metric import Metric
from schemas.metrics.registry import BY_PROGRAM

_ABOUT: Final[Mapping[str, str]] = {
    "collectors": "`GET /metrics` of each collector. Refusals are outcomes of `collector_deliveries`.",
    "jobs": (
        "`GET /metrics` of each TaskManager, through Flink's Prometheus reporter. They begin at zero with every attempt"
        " of a task and are gone with it, so ask with `increase` or `max_over_time`. `operator_name` may hold several"
        " operators that Flink has put together, such as `tally___stream_key_by_map_operator`."
    ),
    "Flink": (
        "`GET /metrics` of the JobManager and of each TaskManager: those of Flink's own metrics that dashboard and"
        " alerts use."
    ),
    "exporter": "`GET /metrics` of `python -m ops.exporter`, which reads billing database, Kafka and Flink's REST API.",
}
_HEAD: Final = """\
# Metrics

Generated from the registry, `schemas/metrics/`, by `make monitoring`; a test compares them. Programs take names and
meanings from there, and alerts and dashboard may ask for nothing else. What to do when one rings:
[runbook](runbook/README.md). Names are as Prometheus stores them, but for the `_bucket`, `_count` and `_sum` of a
histogram.
"""


def page() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, *(_section(program, metrics) for program, metrics in BY_PROGRAM.items())])


def _section(program: str, metrics: Sequence[Metric]) -> str:
    head = ["| metric | type | unit | labels | meaning | remedy |", "|---|---|---|---|---|---|"]
    return "\n".join([f"## {program[0].upper()}{program[1:]}", "", _ABOUT[program], "", *head, *_rows(metrics), ""])


def _rows(metrics: Sequence[Metric]) -> Iterator[str]:
    for metric in metrics:
        stored = metric.series[0].removesuffix("_bucket")
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        cells = (f"`{stored}`", metric.kind, metric.unit, labels, metric.meaning, metric.remedy)
        yield f"| {' | '.join(cells)} |"
