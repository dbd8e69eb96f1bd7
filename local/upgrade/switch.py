"""The order of things in an upgrade and in a rollback: what runs at each moment, and how a failure leaves it.

An upgrade is a pause: the job stops with a savepoint, and the other build goes on from it. Whatever fails after the
stop, the build before is started again.

A rollback is not a return in time. What the broken build has committed to the enriched topic stays there: enrichment
started from an older checkpoint would write the same batches a second time behind it, so it goes on from the newest
one. Later state of the usage job holds sums that the broken build has added to: it returns to the savepoint that the
build before was stopped with, and counts what came since once more, into rows of absolute sums. Both ways rows stay
wrong that the broken build had a hand in, until reprocess has counted their hours anew: they are marked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from local.upgrade.builds import Build
from local.upgrade.deployments import MODULES, Deployment, History
from local.upgrade.reason import reason

ENRICHMENT: Final = "enrichment"


class NotUpgraded(RuntimeError):
    """The message says what failed, why, what runs now, and what to do."""


class RolledBack(NotUpgraded):
    """The new build failed, and the one before runs again; `back` is its return."""

    def __init__(self, message: str, back: Switched) -> None:
        super().__init__(message)
        self.back = back


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to start in place of the running deployment. None and empty: as before."""

    build: Build
    options: Mapping[str, str]
    environ: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Switched:
    """A deployment that runs and has completed a checkpoint.

    `gap_s` is from the end of the old one's work to that checkpoint. `doubtful` are hours that a rollback has marked.
    """

    deployment: Deployment
    gap_s: float
    doubtful: Sequence[datetime] = ()


class Cluster(Protocol):
    """Where jobs run; see `local.upgrade.cluster`."""

    def now(self) -> datetime: ...
    def named(self, name: str) -> list[str]: ...
    def running(self, job: str) -> bool: ...
    def stop(self, job: str) -> str: ...
    def cancel(self, job: str) -> None: ...
    def newest_checkpoint(self, job: str) -> str | None: ...
    def replace_taskmanagers(self) -> None: ...
    def submit(self, module: str, deployment: Deployment) -> str: ...
    def verify(self, job: str) -> None: ...


class Mark(Protocol):
    """Marks hours: by the build, and with `since` all that were written since. See `ops.doubt.mark`."""

    def __call__(self, job: str, build: str, since: datetime | None) -> Sequence[datetime]: ...


class Switch:
    """Changes what runs of one job."""

    def __init__(self, job: str, cluster: Cluster, history: History, mark: Mark) -> None:
        self._job = job
        self._cluster = cluster
        self._history = history
        self._mark = mark

    def deploy(self, change: Change) -> Deployment:
        """Start a job of a new cluster, from the beginning of its topic. Raises what the cluster raises."""
        self._history.clear()
        return self._start(self._next(change, None))

    def upgrade(self, change: Change) -> Switched:
        """Put another build, or the same one with other settings, in the place of the one that runs.

        One that was killed after the stop goes on. Raises NothingBefore, NotUpgraded, RolledBack.
        """
        current, began = self._current(), time.monotonic()
        current = replace(current, stopped_with=self._stop(current))
        self._history.amend(current)
        try:
            self._cluster.replace_taskmanagers()
            deployed = self._verified(self._next(change, current))
        except Exception as failure:
            raise self._undone(change.build, began, failure) from failure
        return Switched(deployment=deployed, gap_s=time.monotonic() - began)

    def roll_back(self, build: str | None = None) -> Switched:
        """Return to the deployment before, or to the newest of a build; all since are known as broken from then on.

        May be called again after it has failed. Raises NothingBefore, and what the cluster and the marking raise.
        """
        current, began = self._current(), time.monotonic()
        if current.stopped_with is not None and build in (None, current.build):
            # An upgrade that was killed, or came to nothing: what it has stopped is what ran before.
            self._cluster.replace_taskmanagers()
            deployed = self._verified(replace(current, started_from=current.stopped_with, stopped_with=None))
            return Switched(deployment=deployed, gap_s=time.monotonic() - began)
        target = self._history.before(build)
        for job in self._cluster.named(self._job):
            self._cluster.cancel(job)
        returned = self._return(current, target)
        doubtful = self._condemn(target)
        self._cluster.replace_taskmanagers()
        deployed = self._verified(returned)
        return Switched(deployment=deployed, gap_s=time.monotonic() - began, doubtful=doubtful)

    def _undone(self, build: Build, began: float, failure: Exception) -> NotUpgraded:
        """Start what ran before the upgrade, and say so."""
        what = f"{self._job}: build {build.id} does not run: {reason(failure)}"
        try:
            back = self.roll_back()
        except Exception as another:  # noqa: BLE001  # whatever it is, it is told
            return NotUpgraded(
                f"{what}\nand the build before could not be started again: {reason(another)}\nnothing is lost, and"
                f" nothing is counted meanwhile: mend that, then `make rollback JOB={self._job}`"
            )
        return RolledBack(
            f"{what}\nbuild {back.deployment.build} runs again; mend the new one, then upgrade again",
            replace(back, gap_s=time.monotonic() - began),
        )

    def _current(self) -> Deployment:
        """The newest deployment as it is: who was killed may have submitted what is not noted, or the reverse."""
        current, running = self._history.last, self._cluster.named(self._job)
        if len(running) > 1:
            raise NotUpgraded(f"{self._job}: {len(running)} jobs run: cancel all but one of {', '.join(running)}")
        if running and running[0] != current.job:
            current = replace(current, job=running[0], stopped_with=None)
            self._history.amend(current)
        elif not running and not current.job:
            self._history.drop()
            return self._history.last
        return current

    def _stop(self, current: Deployment) -> str:
        """Where the next one goes on: the savepoint of a stop, or what a job that has ended has left."""
        if not self._cluster.named(self._job):
            return self._left_by(current)
        if not self._cluster.running(current.job):
            raise NotUpgraded(
                f"{self._job}: no savepoint: job {current.job} does not run, it restarts\nit goes on as before; make it"
                f" run first (see its last exception), or return to the build before: `make rollback JOB={self._job}`"
            )
        try:
            return self._cluster.stop(current.job)
        except (RuntimeError, TimeoutError) as error:
            raise NotUpgraded(
                f"{self._job}: no savepoint: {reason(error)}\njob {current.job} goes on as before; mend the cause (is"
                " the disk of checkpoints full? does Kafka answer?), then upgrade again: also if it should stop yet"
            ) from error

    def _left_by(self, current: Deployment) -> str:
        left = current.stopped_with or self._cluster.newest_checkpoint(current.job) or current.started_from
        if left is None:
            raise NotUpgraded(f"{self._job}: it has ended before its first checkpoint: `make down`, then `make up`")
        return left

    def _return(self, current: Deployment, target: Deployment) -> Deployment:
        if self._job == ENRICHMENT:
            point = self._cluster.newest_checkpoint(current.job) or current.started_from
        else:
            point = target.stopped_with
        return replace(target, started_from=point, started_at=self._cluster.now().isoformat(), stopped_with=None)

    def _condemn(self, target: Deployment) -> list[datetime]:
        """Mark what was deployed since as broken, and the hours that it touched; returns those."""
        broken = self._history.since(target)
        since = datetime.fromisoformat(broken[0].started_at)
        hours: set[datetime] = set()
        for build in {deployment.build for deployment in broken}:
            if build == target.build:
                # The code is right and will run again: nothing tells its batches from before and after.
                hours |= set(self._mark(self._job, "", since))
            else:
                hours |= set(self._mark(self._job, build, None if self._job == ENRICHMENT else since))
        for deployment in broken:
            self._history.condemn(deployment.number)
        return sorted(hours)

    def _next(self, change: Change, current: Deployment | None) -> Deployment:
        before = current or Deployment(number=0, build="")
        return Deployment(
            number=self._history.next_number(),
            build=change.build.id,
            environ={**before.environ, **change.environ},
            options=change.options,
            overrides={**before.overrides, **change.overrides},
            started_at=self._cluster.now().isoformat(),
            started_from=before.stopped_with,
        )

    def _verified(self, deployment: Deployment) -> Deployment:
        started = self._start(deployment)
        self._cluster.verify(started.job)
        return started

    def _start(self, deployment: Deployment) -> Deployment:
        """Noted first: should this process be killed now, the next one knows what it finds running."""
        self._history.add(replace(deployment, job=""))
        try:
            started = replace(deployment, job=self._cluster.submit(MODULES[self._job], deployment))
        except Exception:  # whatever it is, nothing was submitted: it goes on to the caller
            self._history.drop()
            raise
        self._history.amend(started)
        return started
