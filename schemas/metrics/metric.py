"""What is said of a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
#: What a value counts or measures. Times are seconds since the Unix epoch unless they say otherwise.
Unit = Literal[
    "0 or 1",
    "assets",
    "batches",
    "bytes",
    "checkpoints",
    "committables",
    "connections",
    "datagrams",
    "deliveries",
    "differences",
    "fetches",
    "frames",
    "lines",
    "messages",
    "milliseconds",
    "milliseconds a second",
    "milliseconds since the epoch",
    "offset",
    "queries",
    "records",
    "requests",
    "restarts",
    "rounds",
    "rows",
    "seconds",
    "seconds since the epoch",
    "segments",
    "slots",
]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a program with Prometheus' own client.

    `remedy` says what an operator does when it grows, stands still or jumps.
    """

    #: As the program names it.
    name: str
    kind: Kind
    unit: Unit
    meaning: str
    remedy: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """Names under which Prometheus stores it."""
        match self.kind:
            case "counter":
                return (f"{self.name}_total",)
            case "histogram":
                return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
            case "gauge":
                return (self.name,)


@dataclass(frozen=True, kw_only=True)
class FlinkMetric(Metric):
    """A metric of a job or of Flink itself, as Flink's Prometheus reporter names it.

    The reporter exports a counter as a gauge, without `_total`; it begins at zero with every attempt of a task, under
    labels of its own (`task_attempt_id`), and is gone with the attempt.
    """

    #: Where Flink counts it.
    scope: Literal["jobmanager", "jobmanager_job", "taskmanager_job_task", "taskmanager_job_task_operator"]

    @property
    def series(self) -> tuple[str, ...]:
        """Names under which Prometheus stores it."""
        return (f"flink_{self.scope}_{self.name}",)
