"""A killed TaskManager, watched until its job runs again and a new one stands in its place."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from local import flink, flink_jobs
from local.settings import Settings

_RECOVERY_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.25


class NoRecovery(RuntimeError):
    """The job did not come back; the message says what is missing."""


class Outage:
    """What to look for after the kill: one more restore of the job, its tasks, and all TaskManagers.

    `restores` is how often the job had been restored before.
    """

    def __init__(self, settings: Settings, job: str, restores: int, killed: str) -> None:
        self._settings = settings
        self._job = job
        self._restores = restores
        self._killed = killed
        self._began = time.monotonic()

    async def recovered(self) -> str:
        """Wait for the recovery and say how it went. Raises NoRecovery."""
        while not await asyncio.to_thread(self._is_over):
            if self._seconds() > _RECOVERY_SECONDS:
                raise NoRecovery(f"{self._killed} was killed {_RECOVERY_SECONDS:.0f} s ago, and its job does not run")
            await asyncio.sleep(_POLL_SECONDS)
        return f"{self._killed} is replaced; its job went on from a checkpoint {self._seconds():.0f} s after the kill"

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _is_over(self) -> bool:
        return (
            flink_jobs.restores(self._settings, self._job) > self._restores
            and flink_jobs.tasks_running(self._settings, self._job)
            and flink.registered_taskmanagers(self._settings) == self._settings.taskmanagers
        )
