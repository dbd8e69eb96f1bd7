"""A job on the stack's own cluster, measured from start to the end of what its topic holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from local import flink, flink_jobs
from local.bench.steady import Rate, steady_rate
from local.settings import Settings
from local.stack import Stack

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
        return Run(rate, _state_bytes(stack.settings, job))
    finally:
        stack.cancel(job)


def _state_bytes(settings: Settings, job: str) -> int:
    """Size of a full checkpoint of now. Raises TimeoutError if none completes."""
    before = flink.rest(settings, "GET", f"/jobs/{job}/checkpoints")["counts"]["completed"]
    flink.rest(settings, "POST", f"/jobs/{job}/checkpoints", {"checkpointType": "FULL"})
    deadline = time.monotonic() + _STALL_SECONDS
    while time.monotonic() < deadline:
        checkpoints = flink.rest(settings, "GET", f"/jobs/{job}/checkpoints")
        if checkpoints["counts"]["completed"] > before:
            return int(checkpoints["latest"]["completed"]["state_size"])
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"job {job} has completed no checkpoint")


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
    """Vertex and full name of the counter, once Flink has it."""
    deadline = time.monotonic() + _STALL_SECONDS
    while time.monotonic() < deadline:
        for vertex in flink.rest(settings, "GET", f"/jobs/{job}")["vertices"]:
            metrics = flink.rest(settings, "GET", f"/jobs/{job}/vertices/{vertex['id']}/metrics")
            for metric in metrics:
                if metric["id"].startswith(f"0.{operator}") and metric["id"].endswith(".records"):
                    return vertex["id"], metric["id"]
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"operator {operator} of job {job} has no counter named records")


def _value(settings: Settings, job: str, vertex: str, metric: str) -> int:
    answer: Any = flink.rest(settings, "GET", f"/jobs/{job}/vertices/{vertex}/metrics?get={metric}")
    return int(answer[0]["value"]) if answer else 0
