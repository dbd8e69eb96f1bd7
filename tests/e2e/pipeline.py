"""Both jobs on the shared stack, submitted with `flink run`, with the topics and the database that they were given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local import flink, flink_jobs
from local.stack import Stack
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import ENRICHED
from tests.e2e import topics
from tests.e2e.bill import Bill
from tests.e2e.feed import Feed
from tests.e2e.waiting import until
from tests.support.batches import HOUR_MS

ENRICHMENT = "jobs.enrichment"
MEDIA_USAGE = "jobs.media_usage"
MODULES = (ENRICHMENT, MEDIA_USAGE)

#: What takes minutes in production takes a second here: enriched data is visible after a checkpoint.
_OPTIONS = {"execution.checkpointing.interval": "1 s", "execution.checkpointing.min-pause": "100 ms"}
_REFRESH_MS = 200
_ENVIRON = {
    "MEDIA_USAGE_JDBC_BATCH_INTERVAL_MS": "200",
    "MEDIA_USAGE_REFRESH_INTERVAL_S": str(_REFRESH_MS / 1_000),
    "ENRICHMENT_LOOKUP_WAIT_S": "5",
}
#: The job allows events to be 3 h out of order; a little more, so that an hour ends for sure.
_DISORDER_MS = 3 * HOUR_MS + 1_000


@dataclass
class Pipeline:
    """A pair of jobs. `environ` holds settings over those of the stack, `jobs` the ids by module."""

    stack: Stack
    environ: Mapping[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)

    def start(self, savepoints: Mapping[str, str] | None = None) -> None:
        """Submit both jobs side by side and wait until they run."""
        begins = [(savepoints or {}).get(module) for module in MODULES]
        with ThreadPoolExecutor() as pool:
            self.jobs = dict(zip(MODULES, pool.map(self._submit, MODULES, begins), strict=True))

    def pause(self, module: str) -> str:
        """Stop one job and return its savepoint."""
        return self.stack.stop_with_savepoint(self.jobs[module])

    def resume(self, module: str, savepoint: str | None) -> None:
        """Submit one job again, from a savepoint or without state, and wait until it runs."""
        self.jobs[module] = self._submit(module, savepoint)

    def _submit(self, module: str, savepoint: str | None) -> str:
        environ = {**_ENVIRON, **self.environ}
        return self.stack.submit(module, environ=environ, options=_OPTIONS, savepoint=savepoint)

    def stop_with_savepoints(self) -> dict[str, str]:
        """Stop both jobs, enrichment first, and return the savepoints by module."""
        return {module: self.stack.stop_with_savepoint(job) for module, job in self.jobs.items()}

    def cancel(self) -> None:
        for job in self.jobs.values():
            self.stack.cancel(job)

    def taskmanagers(self) -> set[int]:
        """Indexes of the TaskManagers that run a task of either job."""
        return {index for job in self.jobs.values() for index in self.stack.taskmanagers_of(job)}

    def restores(self) -> dict[str, int]:
        """How often each job was restored from a checkpoint."""
        return {module: flink_jobs.restores(self.stack.settings, job) for module, job in self.jobs.items()}

    def wait_restored(self, before: Mapping[str, int]) -> None:
        """Wait until each job runs again after one more restore, and all TaskManagers stand by."""
        settings = self.stack.settings

        def back() -> bool:
            restored = all(count > before[module] for module, count in self.restores().items())
            return restored and all(flink_jobs.tasks_running(settings, job) for job in self.jobs.values())

        until(back, "both jobs to run from their checkpoints")
        until(lambda: flink.registered_taskmanagers(settings) == settings.taskmanagers, "new TaskManagers")

    def feed_until_midway(self, feed: Feed, more: Callable[[], AccessLogBatch]) -> None:
        """Send one more batch after the other until enriched ones stand in a transaction that is still open."""

        def midway() -> bool:
            feed.send(more())
            return topics.has_open_transaction(self.stack.kafka_bootstrap, ENRICHED)

        until(midway, "enriched batches before their commit")

    def wait_read(self, raw: str) -> None:
        """Wait until all that stands in the raw topic now is enriched, committed, and has come to the usage job."""
        bootstrap, group = self.stack.kafka_bootstrap, self.environ["ENRICHMENT_CONSUMER_GROUP"]
        written = {number: end for number, end in topics.ends(bootstrap, raw).items() if end}
        until(lambda: written.items() <= topics.committed(bootstrap, group, raw).items(), "raw to be read")
        self._wait_checkpoint_after(time.time_ns() // 1_000_000)

    def drain(self, feed: Feed, bill: Bill, hour_ms: int) -> None:
        """Let this hour end, and wait until all that was sent before is in the database.

        Heartbeats follow the data in every partition, so a watermark past the hour has seen everything; a checkpoint
        begun after that, and after a refresh, has flushed the sinks.
        """
        end_ms = hour_ms + HOUR_MS

        def passed() -> bool:
            feed.beat(end_ms + _DISORDER_MS)
            return bill.watermark_ms() >= end_ms

        until(passed, "the watermark")
        self._wait_checkpoint_after(time.time_ns() // 1_000_000 + 2 * _REFRESH_MS)

    def _wait_checkpoint_after(self, moment_ms: int) -> None:
        until(lambda: self._last_checkpoint_began_ms(MEDIA_USAGE) > moment_ms, "a checkpoint")

    def _last_checkpoint_began_ms(self, module: str) -> int:
        """When the job's last completed checkpoint began; 0 before the first."""
        checkpoints = flink.rest(self.stack.settings, "GET", f"/jobs/{self.jobs[module]}/checkpoints")
        completed = checkpoints["latest"]["completed"]
        return int(completed["trigger_timestamp"]) if completed else 0
