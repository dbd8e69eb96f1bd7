"""A job on the stack's own cluster, measured from start to the end of what its topic holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from local import flink, flink_jobs
from local.bench.steady import Rate, steady_rate
from local.settings import Settings
from local.stack import Stack
from local.waiting import until

_POLL_SECONDS: Final = 0.25
_STALL_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Run:
    """A job's rate, and the size in bytes of the full checkpoint that it makes at the end."""

    rate: Rate
    state_bytes: int


def measure(
    stack: Stack,
    module: str,
    operator: str,
    records: int,
    variables: dict[str, str],
) -> Run:
    """Submit a job, follow the `records` counter of one of its operators to the end, and cancel the job.

    Raises:
        TimeoutError: the counter has not moved for a minute.
        JobEnded: the job failed.
    """
    job = stack.submit(module, environ=variables)
    try:
        rate = steady_rate(_follow(stack.settings, job, operator, records))
        return Run(rate, state_bytes(stack.settings, job))
    finally:
        stack.cancel(job)


def state_bytes(settings: Settings, job: str) -> int:
    """Size of a full checkpoint of now. Raises TimeoutError if none completes."""
    before = flink_jobs.completed_checkpoints(settings, job)
    flink.rest(settings, "POST", f"/jobs/{job}/checkpoints", {"checkpointType": "FULL"})
    done = lambda: flink_jobs.completed_checkpoints(settings, job) > before  # noqa: E731 - a condition, not a function
    until(done, f"a checkpoint of job {job}", _STALL_SECONDS)
    checkpoints = flink.rest(settings, "GET", f"/jobs/{job}/checkpoints")
    return int(checkpoints["latest"]["completed"]["state_size"])


def _follow(settings: Settings, job: str, operator: str, records: int) -> list[tuple[float, int]]:
    vertex, metric = _counter(settings, job, operator)
    progress = [(time.monotonic(), 0)]
    while (done := progress[-1][1]) < records:
        now = _value(settings, job, vertex, metric)
        if now != done:
            progress.append((time.monotonic(), now))
        elif time.monotonic() - progress[-1][0] > _STALL_SECONDS:
            raise TimeoutError(
                f"{operator} stands at {done} of {records} records: {flink_jobs.last_exception(settings, job)}"
            )
        time.sleep(_POLL_SECONDS)
    return progress


def _counter(settings: Settings, job: str, operator: str) -> tuple[str, str]:
    """Vertex and full name of the operator's counter `records`, once Flink has it. Raises TimeoutError."""
    found = until(
        lambda: list(_counters(settings, job, operator)), f"the counter of {operator} in job {job}", _STALL_SECONDS
    )
    return found[0]


def _counters(settings: Settings, job: str, operator: str) -> Iterator[tuple[str, str]]:
    for vertex in flink.rest(settings, "GET", f"/jobs/{job}")["vertices"]:
        for metric in flink.rest(settings, "GET", f"/jobs/{job}/vertices/{vertex['id']}/metrics"):
            if metric["id"].startswith(f"0.{operator}") and metric["id"].endswith(".records"):
                yield vertex["id"], metric["id"]


def _value(settings: Settings, job: str, vertex: str, metric: str) -> int:
    answer: Any = flink.rest(settings, "GET", f"/jobs/{job}/vertices/{vertex}/metrics?get={metric}")
    return int(answer[0]["value"]) if answer else 0
