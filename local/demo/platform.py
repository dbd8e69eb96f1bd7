"""The running system that the demo plays to: servers, two collectors, both jobs, and what an operator does to them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import psycopg2

from local import collectors, flink, flink_jobs
from local.demo import catalogue, sources
from local.demo.catalogue import Asset, Catalogue
from local.demo.clock import ClockFile
from local.demo.events import Cdn
from local.demo.player import Endpoint
from local.ports import LOOPBACK, Ports
from local.settings import ROOT, Settings
from local.stack import Stack

ENRICHMENT: Final = "jobs.enrichment"
MEDIA_USAGE: Final = "jobs.media_usage"
#: What the demo shortens, so that minutes show what takes hours: it says so at its start.
JOB_OPTIONS: Final = {"execution.checkpointing.interval": "5 s", "execution.checkpointing.min-pause": "1 s"}
COLLECTOR_OPTIONS: Final = {"COLLECTOR_HEARTBEAT_INTERVAL_S": "1"}
_SETTLE_SECONDS: Final = 180.0
_RECOVERY_SECONDS: Final = 90.0
_REPROCESS_SECONDS: Final = 240.0
_POLL_SECONDS: Final = 0.25


class NotInTime(RuntimeError):
    """Something that was waited for did not happen; the message says what, and how far it got."""


class Failed(RuntimeError):
    """An operator's command failed; the message is what it printed."""


def beside(settings: Settings) -> Settings:
    """The demo's own stack: its folder and ports stand beside those of `make up` with the same settings."""
    return replace(
        settings,
        state=settings.state.with_name(f"{settings.state.name}-demo"),
        port_base=settings.port_base + Ports.SIZE,
        collectors=2,
    )


class Platform:
    """A context manager that starts everything, empty, and leaves no process behind.

    What an earlier demo left in the state folder goes at the start; logs of this one stay at the end.
    """

    def __init__(self, settings: Settings, published: Catalogue, secrets: Mapping[Cdn, str], start_ms: int) -> None:
        if Stack(settings).running():
            raise Failed(f"a demo already runs in {settings.state}: end it first")
        shutil.rmtree(settings.state, ignore_errors=True)
        settings.state.mkdir(parents=True)
        self.clock = ClockFile(settings.state / "clock", start_ms)
        self.settings = _configured(settings, self.clock)
        sources.write(self.settings.sources_file, secrets)
        self._published = published
        self._stack = Stack(self.settings)
        self._jobs: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._stack.__enter__()
        try:
            catalogue.write(self._stack.assets_dsn, self._published.environments, self._published.registered)
            self._submit_jobs()
        except BaseException:
            self._stack.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def billing_dsn(self) -> str:
        """Address, with password, of the billing database."""
        return self._stack.billing_dsn

    @property
    def endpoints(self) -> list[Endpoint]:
        """Where the collectors listen, by index."""
        return [self._endpoint(index) for index in range(self.settings.collectors)]

    def kill_taskmanager(self) -> str:
        """SIGKILL the TaskManager of the enrichment job, wait until the job runs again, and say what happened.

        Raises NotInTime if it does not recover.
        """
        job = self._jobs[ENRICHMENT]
        restored = flink_jobs.restores(self.settings, job)
        [index, *_] = flink.taskmanagers_of(self.settings, job)
        pid, began = flink.kill_taskmanager(self.settings, index), time.monotonic()
        _wait(lambda: flink_jobs.restores(self.settings, job) > restored, _RECOVERY_SECONDS, "a restore")
        _wait(lambda: flink_jobs.tasks_running(self.settings, job), _RECOVERY_SECONDS, "the restored job to run")
        recovered_s = time.monotonic() - began
        everyone = self.settings.taskmanagers
        _wait(lambda: flink.registered_taskmanagers(self.settings) == everyone, _RECOVERY_SECONDS, "a new TaskManager")
        return (
            f"{flink.taskmanager_name(index)} (pid {pid}) was killed: the job went on from its checkpoint after "
            f"{recovered_s:.1f} s, and a new TaskManager stood by after {time.monotonic() - began:.1f} s"
        )

    def wait_settled(self, until_ms: int) -> None:
        """Wait until the stored watermark has reached this time. Raises NotInTime."""
        wanted = datetime.fromtimestamp(until_ms / 1_000, UTC)
        reached: datetime | None = None
        deadline = time.monotonic() + _SETTLE_SECONDS
        while reached is None or reached < wanted:
            if time.monotonic() > deadline:
                raise NotInTime(f"the watermark is {reached} after {_SETTLE_SECONDS:.0f} s, not {wanted}")
            time.sleep(_POLL_SECONDS)
            reached = self._watermark()

    def register(self, asset: Asset) -> None:
        """Put one more asset into the asset database."""
        catalogue.write(self._stack.assets_dsn, self._published.environments, [asset])

    def unresolved(self) -> list[tuple[str, int]]:
        """Assets that were requested and are unknown, with their records."""
        rows = self._query("SELECT asset_id, records FROM unresolved_assets ORDER BY asset_id")
        return [(str(asset_id), int(records)) for asset_id, records in rows]

    def reprocess(self, first: datetime, last: datetime) -> str:
        """Run `python -m ops.reprocess` for these hours and return what it printed. Raises Failed."""
        argv = [sys.executable, "-m", "ops.reprocess", f"{first:%Y-%m-%dT%H}", f"{last:%Y-%m-%dT%H}", "--yes"]
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, **self._stack.environ},
            capture_output=True,
            text=True,
            timeout=_REPROCESS_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"ops.reprocess ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _submit_jobs(self) -> None:
        def submit(module: str) -> str:
            return self._stack.submit(module, options=JOB_OPTIONS)

        modules = (ENRICHMENT, MEDIA_USAGE)
        with ThreadPoolExecutor() as pool:
            self._jobs = dict(zip(modules, pool.map(submit, modules), strict=True))

    def _endpoint(self, index: int) -> Endpoint:
        return Endpoint(
            http_url=collectors.url(self.settings, index),
            syslog_host=LOOPBACK,
            syslog_port=collectors.syslog_ports(self.settings, index)[Cdn.FASTLY],
        )

    def _watermark(self) -> datetime | None:
        rows = self._query("SELECT watermark FROM job_watermark WHERE job = 'media-usage'")
        return rows[0][0] if rows else None

    def _query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.billing_dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()


def _configured(settings: Settings, clock: ClockFile) -> Settings:
    return replace(
        settings,
        sources_file=settings.state / "sources.yaml",
        collector_environ={"COLLECTOR_CLOCK": f"file:{clock.path}", **COLLECTOR_OPTIONS},
    )


def _wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTime(f"waited {seconds:.0f} s for {what}")
        time.sleep(_POLL_SECONDS)
