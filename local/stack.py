"""Start and stop the whole stack, or some of its services: the command line's and the tests' common ground."""

from __future__ import annotations

import fcntl
import logging
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from local import collectors, environment, flink, flink_home, flink_jobs, kafka, postgres, process, redis, watchdog
from local.service import ALL, HALT, SERVERS, STEPS, Step
from local.settings import ROOT, Settings

log = logging.getLogger(__name__)

#: Told of every step: its name, the seconds it took and where the service is reached.
Report = Callable[[str, float, str], None]


class AlreadyRunning(RuntimeError):
    """The stack of this state folder runs, wholly or in part."""


class Stack:
    """Servers of one state folder.

    As a context manager it starts the chosen services and stops them at the end; should this process be killed
    before, a watchdog stops them. With `up` and `down` the services outlive this process.
    """

    def __init__(self, settings: Settings, services: Collection[str] = SERVERS) -> None:
        if unknown := set(services) - ALL:
            raise ValueError(f"unknown service {min(unknown)}: there are {', '.join(sorted(ALL))}")
        self.settings = settings
        self.services = frozenset(services)

    def __enter__(self) -> Self:
        watchdog.launch(self.settings)
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        postgres.remove_data(self.settings)

    def up(self, report: Report | None = None) -> None:
        """Start the services; if one fails, stop all again.

        Raises:
            AlreadyRunning: they run.
            PortInUse: another program holds one of the ports.
            StartFailed: a service did not come up; the message names its log file.
        """
        with self._locked():
            if running := self.running():
                raise AlreadyRunning(f"{', '.join(running)} of the stack in {self.settings.state} already run")
            self.settings.save()
            environment.write_shell_file(self.settings)
            try:
                self._start(report or _log)
            except BaseException:
                self._stop()
                raise

    def down(self) -> None:
        """Stop every service and every process left behind by one; data and logs stay."""
        with self._locked():
            self._stop()

    def erase(self) -> None:
        """Delete what an earlier stack left in the state folder. Raises AlreadyRunning if it runs."""
        if running := self.running():
            raise AlreadyRunning(f"{', '.join(running)} of the stack in {self.settings.state} already run")
        # As root its data may lie elsewhere, and only the folder that goes now knows where.
        postgres.remove_data(self.settings)
        shutil.rmtree(self.settings.state, ignore_errors=True)
        self.settings.state.mkdir(parents=True)

    def running(self) -> list[str]:
        """Names of the stack's processes that run."""
        names = (name for name in process.known(self.settings.state) if name != watchdog.NAME)
        return [name for name in names if process.find(self.settings.state, name)]

    # Where the services are

    @property
    def kafka_bootstrap(self) -> str:
        """`bootstrap.servers`."""
        return kafka.bootstrap(self.settings)

    @property
    def redis_url(self) -> str:
        """Address of Redis."""
        return redis.url(self.settings)

    @property
    def assets_dsn(self) -> str:
        """Address, with password, of the asset database."""
        return postgres.dsn(self.settings, "assets")

    @property
    def billing_dsn(self) -> str:
        """Address, with password, of the billing database."""
        return postgres.dsn(self.settings, "billing")

    @property
    def flink_rest_url(self) -> str:
        """Base URL of Flink's REST API."""
        return flink_home.rest_address(self.settings)

    @property
    def collector_urls(self) -> list[str]:
        """Base URLs of the collectors."""
        return [collectors.url(self.settings, index) for index in range(self.settings.collectors)]

    @property
    def environ(self) -> dict[str, str]:
        """Variables for operators' commands, such as `python -m ops.audit`."""
        return environment.variables(self.settings)

    # One service at a time, for tests of outages

    def start_service(self, service: str) -> None:
        """Start a service that was stopped, with its data."""
        for step in sorted(self._steps({service}), key=lambda step: step.stage):
            step.run(self.settings)

    def stop_service(self, service: str) -> None:
        """Stop a service; its data stays."""
        HALT[service](self.settings)

    def start_collector(self, index: int, environ: Mapping[str, str] | None = None, code: Path = ROOT) -> None:
        """Start a collector that was stopped, with more variables or others than before, of the release in `code`."""
        collectors.launch(self.settings, index, environ, code)

    def stop_collector(self, index: int) -> None:
        """Drain and stop one collector."""
        collectors.halt(self.settings, index)

    # Jobs

    def submit(
        self,
        module: str,
        *,
        environ: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        options: Mapping[str, str] | None = None,
        savepoint: str | None = None,
    ) -> str:
        """Submit a job, wait until its tasks run and return its id; see `local.flink_jobs.submit`."""
        job = flink_jobs.submit(
            self.settings, module, environ=environ, arguments=arguments, options=options, savepoint=savepoint
        )
        flink_jobs.wait_running(self.settings, job)
        return job

    def stop_with_savepoint(self, job: str) -> str:
        """Stop a job after a savepoint and return the savepoint's path."""
        return flink_jobs.stop_with_savepoint(self.settings, job)

    def cancel(self, job: str) -> None:
        """Cancel a job."""
        flink_jobs.cancel(self.settings, job)

    def taskmanagers_of(self, job: str) -> list[int]:
        """Indexes of the TaskManagers that run a job's tasks."""
        return flink.taskmanagers_of(self.settings, job)

    def kill_taskmanager(self, index: int) -> None:
        """SIGKILL a TaskManager; the supervisor starts another."""
        flink.kill_taskmanager(self.settings, index)

    def _steps(self, services: Collection[str]) -> list[Step]:
        return [step for step in STEPS if step.service in services and step.needed(self.settings)]

    def _start(self, report: Report) -> None:
        steps = self._steps(self.services)
        for stage in sorted({step.stage for step in steps}):
            self._run_stage([step for step in steps if step.stage == stage], report)

    def _run_stage(self, steps: Sequence[Step], report: Report) -> None:
        def run(step: Step) -> None:
            began = time.monotonic()
            step.run(self.settings)
            report(step.name, time.monotonic() - began, step.endpoint(self.settings))

        with ThreadPoolExecutor(max_workers=len(steps)) as pool:
            for future in [pool.submit(run, step) for step in steps]:
                future.result()

    def _stop(self) -> None:
        for halt in HALT.values():
            halt(self.settings)
        process.stop(self.settings.state, watchdog.NAME)
        process.kill_stack(self.settings.state)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.settings.state.mkdir(parents=True, exist_ok=True)
        with (self.settings.state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _log(name: str, seconds: float, endpoint: str) -> None:
    log.info("%s ready after %.1f s %s", name, seconds, endpoint)
