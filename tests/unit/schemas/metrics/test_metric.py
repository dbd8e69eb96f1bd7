"""Under which names Prometheus stores a metric."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.metrics.metric import FlinkMetric, Kind, Metric

CLIENT = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}


@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("counter", ("tea_cups_total",)),
        ("gauge", ("tea_cups",)),
        ("histogram", ("tea_cups_bucket", "tea_cups_count", "tea_cups_sum")),
    ],
)
def test_a_metric_is_stored_as_prometheus_own_client_exports_it(kind: Kind, series: tuple[str, ...]) -> None:
    metric = Metric(name="tea_cups", kind=kind, unit="0 or 1", meaning="Tea.", remedy="Drink.")
    registry = CollectorRegistry()
    CLIENT[kind](metric.name, metric.meaning, registry=registry)
    samples = {sample.name for family in registry.collect() for sample in family.samples}
    assert metric.series == series
    # Beside it the client tells when a counter or histogram was made.
    assert samples - {"tea_cups_created"} == set(series)


@pytest.mark.parametrize("kind", ["counter", "gauge"])
def test_a_metric_of_flink_is_stored_under_its_scope_and_nothing_more(kind: Kind) -> None:
    metric = FlinkMetric(
        scope="jobmanager_job", name="numRestarts", kind=kind, unit="restarts", meaning="Restarts.", remedy="Look."
    )
    assert metric.series == ("flink_jobmanager_job_numRestarts",)
