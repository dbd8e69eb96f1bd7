"""When a fault is got over: both jobs have completed a checkpoint that began after it, and everything else is there."""

from __future__ import annotations

import asyncio
import http.client
import time
from typing import Final

from confluent_kafka import KafkaException

from local import flink, flink_jobs
from local.chaos.system import Job, System, ready_collectors
from local.drill import offsets
from local.drill.jobs import ENRICHMENT_GROUP
from local.flink import RestError
from schemas.topics import RAW

_POLL_SECONDS: Final = 0.5
_DEADLINE_SECONDS: Final = 240.0
#: Messages in raw that are no backlog: what arrives between two checkpoints and more.
_LITTLE: Final = 1_000


class NoRecovery(RuntimeError):
    """The system did not get over a fault; the message says what is missing."""


class Recovery:
    """Watches a system since the end of a fault."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._since_ms = time.time_ns() // 1_000_000
        self._most_behind = 0

    async def complete(self) -> float:
        """Wait until nothing is missing; returns the seconds that it took. Raises NoRecovery."""
        began = time.monotonic()
        while lacks := await asyncio.to_thread(self._lacks):
            if time.monotonic() - began > _DEADLINE_SECONDS:
                raise NoRecovery(f"{lacks} {_DEADLINE_SECONDS:.0f} s after the end of the fault")
            await asyncio.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    def _lacks(self) -> str:
        try:
            return self._lacks_now()
        except (OSError, RestError, http.client.HTTPException):
            return "Flink does not answer"
        except KafkaException as error:
            return f"Kafka does not answer ({error})"

    def _lacks_now(self) -> str:
        settings = self._system.settings
        for module, job in self._system.jobs.items():
            if not flink_jobs.tasks_running(settings, job.id):
                return f"{module} does not run"
            if self._last_checkpoint_ms(job) < self._since_ms:
                return f"{module} has completed no checkpoint"
        if flink.registered_taskmanagers(settings) < settings.taskmanagers:
            return "a TaskManager is missing"
        if ready_collectors(settings) < settings.collectors:
            return "a collector is not ready"
        return "" if self._catches_up() else "the enrichment job falls behind"

    def _last_checkpoint_ms(self, job: Job) -> int:
        """When the last completed checkpoint began, in epoch milliseconds."""
        completed = flink.rest(self._system.settings, "GET", f"/jobs/{job.id}/checkpoints")["latest"]["completed"]
        return int(completed["trigger_timestamp"]) if completed else 0

    def _catches_up(self) -> bool:
        servers = self._system.stack.kafka_bootstrap
        done = offsets.committed(servers, ENRICHMENT_GROUP, RAW)
        behind = offsets.behind(done, offsets.ends(servers, RAW))
        self._most_behind = max(self._most_behind, behind)
        return behind <= _LITTLE or behind < self._most_behind
