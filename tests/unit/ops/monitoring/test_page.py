"""The page of metrics."""

from __future__ import annotations

from ops.monitoring import page as subject
from schemas.metrics.registry import BY_PROGRAM


def test_every_metric_has_a_row_with_all_that_the_registry_says() -> None:
    rows = [line for line in subject.page().splitlines() if line.startswith("| `")]
    metrics = [metric for metrics in BY_PROGRAM.values() for metric in metrics]
    assert len(rows) == len(metrics)
    for row, metric in zip(rows, metrics, strict=True):
        cells = row.removeprefix("| ").removesuffix(" |").split(" | ")
        assert cells == [
            f"`{metric.series[0].removesuffix('_bucket')}`",
            metric.kind,
            metric.unit,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.meaning,
            metric.remedy,
        ]


def test_programs_follow_each_other_each_with_what_it_is_asked_at() -> None:
    headings = [line for line in subject.page().splitlines() if line.startswith("#")]
    assert headings == ["# Metrics", "## Collectors", "## Jobs", "## Flink", "## Exporter"]
