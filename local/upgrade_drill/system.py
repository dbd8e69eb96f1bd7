"""The running system that is upgraded: a stack of its own, and what changes its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from local import flink_jobs
from local.clock import ClockFile
from local.drill import servers
from local.drill.drawn import Drawn
from local.drill.jobs import LOOKUP_WAIT_S, SHORTENED
from local.settings import ROOT, Settings
from local.stack import Stack
from local.upgrade.deployments import History
from local.upgrade.switch import NotUpgraded, RolledBack, Switched
from local.upgrade.wiring import change_to, switch_of
from local.upgrade_drill import trees
from local.upgrade_drill.trees import Edit

ENRICHMENT: Final = "enrichment"
USAGE: Final = "media-usage"
JOBS: Final = (ENRICHMENT, USAGE)
_ENVIRON: Final = {
    ENRICHMENT: {"ENRICHMENT_LOOKUP_WAIT_S": str(LOOKUP_WAIT_S), "ENRICHMENT_DATABASE_TIMEOUT_S": "5"},
    USAGE: {"MEDIA_USAGE_REFRESH_INTERVAL_S": "2"},
}
#: The savepoint of a busy job may expire; nothing has happened then.
_TRIES: Final = 3


@dataclass
class System:
    """What runs, and from which release each job was taken."""

    stack: Stack
    releases: dict[str, Path] = field(default_factory=lambda: dict.fromkeys(JOBS, ROOT))

    @property
    def settings(self) -> Settings:
        """Of the stack."""
        return self.stack.settings

    def deploy_all(self) -> None:
        """Submit both jobs side by side."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._deploy, JOBS))

    def release(self, name: str, base: Path, edits: tuple[Edit, ...]) -> Path:
        """Another release: `base` with a change. Raises StaleEdit."""
        return trees.derive(base, self.settings.state / "releases" / name, edits)

    def upgrade(self, job: str, release: Path, environ: Mapping[str, str] | None = None) -> Switched:
        """Upgrade a job; tried again where its savepoint has expired. Raises NotUpgraded, RolledBack."""
        change = change_to(self.settings, job, release, environ)
        for _ in range(_TRIES - 1):
            try:
                return self._switched(job, release, switch_of(self.settings, job).upgrade(change))
            except RolledBack:
                raise
            except NotUpgraded:
                self.wait_checkpoint(job)
        return self._switched(job, release, switch_of(self.settings, job).upgrade(change))

    def roll_back(self, job: str, release: Path) -> Switched:
        """Return a job to what ran before, which was taken from `release`."""
        return self._switched(job, release, switch_of(self.settings, job).roll_back())

    def wait_checkpoint(self, job: str) -> None:
        """Wait until a job has completed one more checkpoint; raises as `flink_jobs.wait_checkpoint`."""
        flink_jobs.wait_checkpoint(self.settings, History.of(self.settings, job).last.job)

    def _switched(self, job: str, release: Path, done: Switched) -> Switched:
        self.releases[job] = release
        return done

    def _deploy(self, job: str) -> None:
        change = change_to(self.settings, job, environ=_ENVIRON[job], overrides=SHORTENED)
        deployed = switch_of(self.settings, job).deploy(change)
        flink_jobs.wait_running(self.settings, deployed.job)


@contextmanager
def running(base: Settings, drawn: Drawn, clock_ms: int) -> Iterator[tuple[System, ClockFile]]:
    """Start all servers, empty, with collectors at `clock_ms`; the jobs are not deployed yet."""
    settings, clock = servers.prepare(base, drawn, clock_ms)
    with servers.running(settings, drawn) as stack:
        yield System(stack), clock


def beside(settings: Settings) -> Settings:
    """The drill's own stack: the usage job comes to have two TaskManagers, and reprocess needs one."""
    return replace(servers.beside(settings, "upgrade", place=4), taskmanagers=4)
