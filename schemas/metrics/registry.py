"""All metrics, by who exports them, and by the names under which Prometheus stores them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.metrics.collectors import COLLECTORS
from schemas.metrics.exporter import EXPORTER
from schemas.metrics.flink import FLINK
from schemas.metrics.jobs import JOBS
from schemas.metrics.metric import Metric

BY_PROGRAM: Final[Mapping[str, tuple[Metric, ...]]] = {
    "collectors": COLLECTORS,
    "jobs": JOBS,
    "Flink": FLINK,
    "exporter": EXPORTER,
}

#: Every stored name with its metric.
SERIES: Final[Mapping[str, Metric]] = {
    series: metric for metrics in BY_PROGRAM.values() for metric in metrics for series in metric.series
}
