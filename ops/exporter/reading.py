"""What every reading gives, and how it says that it could not."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily

from schemas.metrics.metric import Metric

_NO_LABEL_CHARACTER: Final = re.compile(r"[^a-zA-Z0-9:_]")


class NotRead(RuntimeError):
    """A server does not answer, or refuses; the message says which and why. Its figures are absent until it does."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Figures that are read together: `read` gives them, or raises NotRead."""

    name: str
    interval_s: float
    read: Callable[[], Awaitable[list[GaugeMetricFamily]]]


def family(metric: Metric, samples: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    """A gauge's samples: values of its labels, in the registry's order, and its own."""
    made = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples:
        made.add_metric(labels, value)
    return made


def job_label(name: str) -> str:
    """A job's name as Flink's reporter spells it, so that figures of one job have one label: `media_usage`."""
    return _NO_LABEL_CHARACTER.sub("_", name)
