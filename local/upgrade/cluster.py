"""What an upgrade does to the local Flink cluster."""

from __future__ import annotations

import signal
import time
from collections.abc import Container
from datetime import datetime
from typing import Final

from local import billing, flink, flink_jobs, postgres, process
from local.flink import RestError
from local.settings import Settings
from local.upgrade import builds
from local.upgrade.deployments import Deployment
from local.upgrade.verification import Crashing, Observation, Verification
from local.waiting import until

_REPLACE_SECONDS: Final = 90.0
_VERIFY_SECONDS: Final = 300.0
_GRACE_SECONDS: Final = 10.0


class LocalCluster:
    """The cluster of one stack."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def now(self) -> datetime:
        """Time by the billing database's clock, which stamps what the jobs write. Raises psycopg2.Error."""
        rows: list[tuple[datetime]] = billing.query(postgres.dsn(self._settings, "billing"), "SELECT clock_timestamp()")
        return rows[0][0]

    def named(self, name: str) -> list[str]:
        """Ids of the jobs with this name that have not ended."""
        return [job for job, known_as in flink_jobs.unfinished(self._settings).items() if known_as == name]

    def running(self, job: str) -> bool:
        """Whether every task of a job runs."""
        return flink_jobs.tasks_running(self._settings, job)

    def stop(self, job: str) -> str:
        """Stop a job after a savepoint, and return that; raises as `flink_jobs.stop_with_savepoint`."""
        return flink_jobs.stop_with_savepoint(self._settings, job)

    def cancel(self, job: str) -> None:
        """Stop a job as it is; its checkpoints are kept."""
        flink_jobs.cancel(self._settings, job)

    def newest_checkpoint(self, job: str) -> str | None:
        """Newest checkpoint or savepoint that the job has completed; None before the first."""
        try:
            return flink_jobs.newest_checkpoint(self._settings, job)
        except RestError:
            # A JobManager that was started anew knows no job of before.
            return self._newest_on_disk(job)

    def replace_taskmanagers(self) -> None:
        """Replace every TaskManager that works for no job: it may have imported another build. Raises TimeoutError."""
        settings, jobs = self._settings, flink_jobs.unfinished(self._settings)
        # Not by free slots: that of a job which has just ended may be free a moment later.
        busy = {flink.taskmanager_name(index) for job in jobs for index in flink.taskmanagers_of(settings, job)}
        old = {found for found in self._taskmanagers() if _name(found) not in busy}
        for child in (process.find(settings.state, _name(found)) for found in old):
            if child is not None:
                child.signal(signal.SIGTERM)
                if not child.wait(_GRACE_SECONDS):
                    child.signal(signal.SIGKILL)
        until(lambda: self._replaced(old), "the TaskManagers to come back", _REPLACE_SECONDS)

    def submit(self, module: str, deployment: Deployment) -> str:
        """Submit a job and return its id; raises as `flink_jobs.submit`, and InvalidBuild."""
        return flink_jobs.submit(
            self._settings,
            module,
            environ=deployment.environ,
            options=deployment.all_options,
            savepoint=deployment.started_from,
            code=builds.find(self._settings, deployment.build).folder,
        )

    def verify(self, job: str) -> None:
        """Wait until the job is sound. Raises JobEnded, Crashing, TimeoutError."""
        verification = Verification()

        def sound() -> bool:
            seen = self._observe(job)
            if verification.sound(seen):
                return True
            if verification.crashing:
                raise Crashing(flink_jobs.last_exception(self._settings, job))
            if verification.asks(seen.now_ms):
                self._ask_checkpoint(job)
            return False

        flink_jobs.wait(self._settings, job, sound, timeout=_VERIFY_SECONDS, what="a checkpoint behind what it read")

    def _observe(self, job: str) -> Observation:
        return Observation(
            now_ms=time.time_ns() // 1_000_000,
            running=self.running(job),
            failures=flink_jobs.failures(self._settings, job),
            messages_read=flink_jobs.messages_read(self._settings, job),
            checkpoint_ms=flink_jobs.last_checkpoint_ms(self._settings, job),
        )

    def _newest_on_disk(self, job: str) -> str | None:
        """By the number in its name: one that has its metadata is complete."""
        folder = self._settings.state / "flink" / "checkpoints" / job
        found = {int(file.parent.name.removeprefix("chk-")): file.parent for file in folder.glob("chk-*/_metadata")}
        return found[max(found)].as_uri() if found else None

    def _ask_checkpoint(self, job: str) -> None:
        try:
            flink_jobs.trigger_checkpoint(self._settings, job)
        except RestError:
            return  # it has just failed: asked again later

    def _taskmanagers(self) -> list[str]:
        """Resource ids of those that are registered."""
        return [str(found["id"]) for found in flink.rest(self._settings, "GET", "/taskmanagers")["taskmanagers"]]

    def _replaced(self, old: Container[str]) -> bool:
        complete = flink.registered_taskmanagers(self._settings) >= self._settings.taskmanagers
        return complete and not any(resource in old for resource in self._taskmanagers())


def _name(resource: str) -> str:
    """The process behind a resource id, which is its name and a random part."""
    return resource.rpartition("-")[0]
