"""The stack of a soak: state in RocksDB, and a clock that lets days pass, so that state is forgotten too."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from local import flink, flink_jobs, process
from local.clock import ClockFile
from local.drill import servers
from local.drill.drawn import Drawn
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE, MODULES, ROCKSDB
from local.settings import Settings
from local.soak.memory import rss_bytes
from local.stack import Stack
from local.traffic.oracle import HOUR_MS

_DAY_MS: Final = 24 * HOUR_MS
#: Event time that passes: twice as long as a batch is remembered, so that in the second half as much is forgotten as
#: comes.
_PASSES_MS: Final = 160 * HOUR_MS
#: The clock begins so long ago, and the oldest line is some two days older: raw keeps it for two weeks.
_BEGINS_MS: Final = 10 * _DAY_MS

_EVERY_CHECKPOINT: Final = {"execution.checkpointing.interval": "10 s", "execution.checkpointing.min-pause": "1 s"}
JOB_OPTIONS: Final = {ENRICHMENT: _EVERY_CHECKPOINT, MEDIA_USAGE: _EVERY_CHECKPOINT | ROCKSDB}


class Speed:
    """A clock that begins days ago and runs faster than time does. Never ahead of now."""

    def __init__(self, minutes: float) -> None:
        self._began_s = time.monotonic()
        self._begins_ms = time.time_ns() // 1_000_000 - _BEGINS_MS
        #: How many times faster.
        self.factor = _PASSES_MS / (minutes * 60_000)

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        passed_ms = (time.monotonic() - self._began_s) * 1_000
        return min(self._begins_ms + int(passed_ms * self.factor), time.time_ns() // 1_000_000)


@dataclass(frozen=True)
class SoakSystem:
    """The running stack and its jobs, by module."""

    stack: Stack
    jobs: Mapping[str, str]

    def taskmanagers(self) -> dict[str, int]:
        """Pids of the TaskManagers that run a task, by name."""
        settings = self.stack.settings
        names = {flink.taskmanager_name(n) for job in self.jobs.values() for n in self.stack.taskmanagers_of(job)}
        return {name: child.pid for name in sorted(names) if (child := process.find(settings.state, name))}

    def state_bytes(self) -> int:
        """Size of the usage job's state, as of its last completed checkpoint."""
        job = self.jobs[MEDIA_USAGE]
        completed = flink.rest(self.stack.settings, "GET", f"/jobs/{job}/checkpoints")["latest"]["completed"]
        return int(completed["state_size"])

    def restores(self) -> int:
        """How often a job was restored: memory and throughput of a soak are those of tasks that go on."""
        return sum(flink_jobs.restores(self.stack.settings, job) for job in self.jobs.values())


def resident(pids: Mapping[str, int]) -> int:
    """Memory of these processes in bytes. Raises LookupError if one has ended."""
    return sum(rss_bytes(pid) for pid in pids.values())


@contextmanager
def running(base: Settings, drawn: Drawn, begins_ms: int) -> Iterator[tuple[SoakSystem, ClockFile]]:
    """Start everything, empty, with collectors at `begins_ms`, and leave no process behind."""
    settings, clock = servers.prepare(base, drawn, begins_ms)
    with servers.running(settings, drawn) as stack:
        jobs = {module: stack.submit(module, options=JOB_OPTIONS[module]) for module in MODULES}
        yield SoakSystem(stack, jobs), clock


def beside(settings: Settings) -> Settings:
    """The soak's own stack, as large as the jobs."""
    return replace(servers.beside(settings, "soak", place=3), taskmanagers=2)
