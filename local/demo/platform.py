"""The running system that the demo plays to: servers, two collectors, both jobs, and what an operator does to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from local import billing, collectors, commands, console, flink, flink_jobs
from local.clock import ClockFile
from local.demo.outage import Outage
from local.demo.player import Endpoint
from local.ports import LOOPBACK, Ports
from local.service import SERVERS
from local.settings import Settings
from local.stack import Stack
from local.traffic import catalogue, sources
from local.traffic.catalogue import Asset, Catalogue
from local.traffic.events import Cdn
from ops import hours

ENRICHMENT: Final = "jobs.enrichment"
MEDIA_USAGE: Final = "jobs.media_usage"
#: What the demo shortens, so that minutes show what takes hours: it says so at its start.
JOB_OPTIONS: Final = {"execution.checkpointing.interval": "5 s", "execution.checkpointing.min-pause": "1 s"}
COLLECTOR_OPTIONS: Final = {
    "COLLECTOR_HEARTBEAT_INTERVAL_S": "1",
    # The clock does not go on before a block of syslog lines is full or this is over.
    "COLLECTOR_SYSLOG_FLUSH_INTERVAL_S": "0.05",
}
_SETTLE_SECONDS: Final = 180.0
_REPROCESS_SECONDS: Final = 240.0


class Failed(RuntimeError):
    """Something went otherwise than the demo is meant to go; the message says what."""


def beside(settings: Settings) -> Settings:
    """The demo's own stack: its folder and ports stand beside those of `make up` with the same settings."""
    return replace(
        settings,
        state=settings.state.with_name(f"{settings.state.name}-demo"),
        port_base=settings.port_base + Ports.SIZE,
        collectors=2,
    )


@contextmanager
def running(settings: Settings, published: Catalogue, secrets: Mapping[Cdn, str], start_ms: int) -> Iterator[Platform]:
    """Start everything, empty, with the clock at `start_ms`; leave no process behind.

    What an earlier demo left in the state folder goes at the start; logs of this one stay at the end.
    """
    Stack(settings).erase()
    clock = ClockFile(settings.state / "clock", start_ms)
    chosen = _configured(settings, clock)
    sources.write(chosen.sources_file, secrets)
    with Stack(chosen, SERVERS | {"console"}) as stack:
        catalogue.write(stack.assets_dsn, published.environments, published.registered)
        yield Platform(stack, clock, _submit_jobs(stack))


class Platform:
    """The running system: `clock` is what its collectors go by, `jobs` are the ids of its jobs by module."""

    def __init__(self, stack: Stack, clock: ClockFile, jobs: Mapping[str, str]) -> None:
        self.clock = clock
        self._stack = stack
        self._settings = stack.settings
        self._jobs = jobs

    @property
    def billing_dsn(self) -> str:
        """Address, with password, of the billing database."""
        return self._stack.billing_dsn

    @property
    def console_url(self) -> str:
        """Where the usage console is while the demo runs."""
        return console.url(self._settings)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Where the collectors listen, by index."""
        return [self._endpoint(index) for index in range(self._settings.collectors)]

    def kill_taskmanager(self) -> Outage:
        """SIGKILL the TaskManager that runs the enrichment job."""
        job = self._jobs[ENRICHMENT]
        restores = flink_jobs.restores(self._settings, job)
        [index, *_] = flink.taskmanagers_of(self._settings, job)
        pid = flink.kill_taskmanager(self._settings, index)
        return Outage(self._settings, job, restores, f"{flink.taskmanager_name(index)} (pid {pid})")

    def wait_settled(self, until_ms: int) -> None:
        """Wait until the stored watermark has reached this time. Raises TimeoutError."""
        billing.wait_watermark(self.billing_dsn, datetime.fromtimestamp(until_ms / 1_000, UTC), _SETTLE_SECONDS)

    def register(self, asset: Asset) -> None:
        """Put one more asset of a known environment into the asset database."""
        catalogue.write(self._stack.assets_dsn, (), [asset])

    def reprocess(self, first: datetime, last: datetime) -> str:
        """Run `python -m ops.reprocess` for these hours and return what it printed. Raises CommandFailed."""
        arguments = (hours.show(first), hours.show(last), "--yes")
        return commands.run(self._stack.environ, "ops.reprocess", *arguments, timeout=_REPROCESS_SECONDS)

    def _endpoint(self, index: int) -> Endpoint:
        return Endpoint(
            http_url=collectors.url(self._settings, index),
            syslog_host=LOOPBACK,
            syslog_port=collectors.syslog_ports(self._settings, index)[Cdn.FASTLY],
        )


def _submit_jobs(stack: Stack) -> dict[str, str]:
    def submit(module: str) -> str:
        return stack.submit(module, options=JOB_OPTIONS)

    modules = (ENRICHMENT, MEDIA_USAGE)
    with ThreadPoolExecutor() as pool:
        return dict(zip(modules, pool.map(submit, modules), strict=True))


def _configured(settings: Settings, clock: ClockFile) -> Settings:
    return replace(
        settings,
        sources_file=settings.state / "sources.yaml",
        collector_environ={"COLLECTOR_CLOCK": f"file:{clock.path}", **COLLECTOR_OPTIONS},
    )
