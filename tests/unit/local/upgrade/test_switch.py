"""The order of an upgrade and of a rollback on a cluster that is none: what runs after each failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.upgrade.builds import Build
from local.upgrade.deployments import Deployment, History, NothingBefore
from local.upgrade.switch import Change, NotUpgraded, RolledBack, Switch

NOW = datetime(2026, 9, 1, 10, tzinfo=UTC)
HOUR = datetime(2026, 9, 1, 9, tzinfo=UTC)


class Killed(BaseException):
    """The process that upgrades is gone."""


class FakeCluster:
    """Jobs by id with the build that they run; every call is noted, and may be told to fail."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.jobs: dict[str, str] = {}
        self.restarting = False
        self.checkpoints: dict[str, str] = {}
        #: What fails, by the beginning of its call, once.
        self.failing: dict[str, BaseException] = {}
        self._submitted = 0

    def now(self) -> datetime:
        return NOW

    def named(self, name: str) -> list[str]:
        return list(self.jobs)

    def running(self, job: str) -> bool:
        return not self.restarting

    def stop(self, job: str) -> str:
        self._call(f"stop {job}")
        del self.jobs[job]
        return f"savepoint-of-{job}"

    def cancel(self, job: str) -> None:
        self._call(f"cancel {job}")
        del self.jobs[job]

    def newest_checkpoint(self, job: str) -> str | None:
        return self.checkpoints.get(job)

    def replace_taskmanagers(self) -> None:
        self._call("replace")

    def submit(self, module: str, deployment: Deployment) -> str:
        self._call(f"submit {deployment.build} from {deployment.started_from}")
        self._submitted += 1
        job = f"job-{self._submitted}"
        self.jobs[job] = deployment.build
        return job

    def verify(self, job: str) -> None:
        self._call(f"verify {job}")

    def _call(self, call: str) -> None:
        self.calls.append(call)
        for beginning in list(self.failing):
            if call.startswith(beginning):
                raise self.failing.pop(beginning)


class Marks:
    """Notes what is marked; says that one hour is."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, datetime | None]] = []

    def __call__(self, job: str, build: str, since: datetime | None) -> Sequence[datetime]:
        self.made.append((job, build, since))
        return [HOUR]


class World:
    """One job on a fake cluster."""

    def __init__(self, folder: Path, job: str) -> None:
        self.cluster, self.marks = FakeCluster(), Marks()
        self.history = History(folder / f"{job}.json")
        self.switch = Switch(job, self.cluster, self.history, self.marks)

    def deploy(self, build: str = "old") -> None:
        self.switch.deploy(change(build))
        self.cluster.calls.clear()

    @property
    def builds(self) -> list[str]:
        """What runs."""
        return list(self.cluster.jobs.values())


def change(build: str, **values: dict[str, str]) -> Change:
    return Change(build=Build(build, Path(build)), options=values.pop("options", {}), **values)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], World]:
    return lambda job: World(tmp_path, job)


@pytest.fixture
def enrichment(make: Callable[[str], World]) -> World:
    world = make("enrichment")
    world.deploy()
    return world


@pytest.fixture
def usage(make: Callable[[str], World]) -> World:
    world = make("media-usage")
    world.deploy()
    return world


class TestUpgrade:
    def test_it_stops_replaces_starts_from_the_savepoint_and_verifies(self, enrichment: World) -> None:
        done = enrichment.switch.upgrade(change("new"))
        assert enrichment.cluster.calls == [
            "stop job-1",
            "replace",
            "submit new from savepoint-of-job-1",
            "verify job-2",
        ]
        assert done.deployment == Deployment(
            number=2, build="new", job="job-2", started_at=NOW.isoformat(), started_from="savepoint-of-job-1"
        )
        assert done.doubtful == ()
        assert enrichment.marks.made == []

    def test_settings_stay_unless_others_are_given(self, enrichment: World) -> None:
        first = change("new", environ={"A": "1", "B": "1"}, overrides={"x": "1"}, options={"y": "1", "z": "1"})
        enrichment.switch.upgrade(first)
        done = enrichment.switch.upgrade(change("newer", environ={"B": "2"}, options={"y": "2"})).deployment
        assert (done.environ, done.overrides) == ({"A": "1", "B": "2"}, {"x": "1"})
        assert done.options == {"y": "2"}  # of the tree: what it no longer has is gone

    def test_a_job_that_was_never_deployed_is_not_upgraded(self, make: Callable[[str], World]) -> None:
        with pytest.raises(NothingBefore, match="never deployed"):
            make("enrichment").switch.upgrade(change("new"))


class TestNoSavepoint:
    """Nothing has happened yet: the old job goes on."""

    def test_a_job_that_restarts_is_left_alone(self, enrichment: World) -> None:
        enrichment.cluster.restarting = True
        with pytest.raises(NotUpgraded, match=r"(?s)it restarts.*goes on as before.*make rollback JOB=enrichment"):
            enrichment.switch.upgrade(change("new"))
        assert (enrichment.builds, enrichment.cluster.calls) == (["old"], [])

    @pytest.mark.parametrize("failure", [RuntimeError("disk full"), TimeoutError("disk full")])
    def test_a_savepoint_that_fails_says_why_and_what_to_do(self, enrichment: World, failure: Exception) -> None:
        enrichment.cluster.failing["stop"] = failure
        with pytest.raises(NotUpgraded, match=r"(?s)no savepoint: disk full.*goes on as before.*upgrade again"):
            enrichment.switch.upgrade(change("new"))
        assert enrichment.builds == ["old"]
        enrichment.switch.upgrade(change("new"))
        assert enrichment.builds == ["new"]

    def test_two_jobs_of_one_name_are_for_a_person_to_sort_out(self, enrichment: World) -> None:
        enrichment.cluster.jobs["stranger"] = "unknown"
        with pytest.raises(NotUpgraded, match="2 jobs run: cancel all but one of job-1, stranger"):
            enrichment.switch.upgrade(change("new"))


class TestFailureAfterTheStop:
    """The build before is started again, whatever failed."""

    @pytest.mark.parametrize("step", ["replace", "submit new"])
    def test_before_the_new_build_ran_the_old_one_goes_on_from_the_savepoint(
        self, enrichment: World, step: str
    ) -> None:
        enrichment.cluster.failing[step] = RuntimeError("no memory")
        with pytest.raises(RolledBack, match=r"(?s)build new does not run: no memory.*build old runs again"):
            enrichment.switch.upgrade(change("new"))
        assert enrichment.cluster.calls[-3:] == ["replace", "submit old from savepoint-of-job-1", "verify job-2"]
        assert enrichment.marks.made == []
        assert enrichment.history.last.number == 1

    @pytest.mark.parametrize(
        ("checkpoint", "point"),
        [
            pytest.param(None, "savepoint-of-job-1", id="it has completed none"),
            pytest.param("chk-1", "chk-1", id="it has completed one"),
        ],
    )
    def test_a_new_enrichment_build_that_crashes_gives_back_at_its_newest_checkpoint(
        self, enrichment: World, checkpoint: str | None, point: str
    ) -> None:
        enrichment.cluster.failing["verify job-2"] = RuntimeError("crashes")
        if checkpoint:
            enrichment.cluster.checkpoints["job-2"] = checkpoint
        with pytest.raises(RolledBack) as failed:
            enrichment.switch.upgrade(change("new"))
        assert enrichment.cluster.calls[3:] == [
            "verify job-2",
            "cancel job-2",
            "replace",
            f"submit old from {point}",
            "verify job-3",
        ]
        assert enrichment.marks.made == [("enrichment", "new", None)]
        assert failed.value.back.doubtful == [HOUR]

    def test_a_new_usage_build_that_crashes_gives_back_at_the_savepoint_of_the_old_one(self, usage: World) -> None:
        usage.cluster.failing["verify job-2"] = RuntimeError("crashes")
        usage.cluster.checkpoints["job-2"] = "chk-1"
        with pytest.raises(RolledBack):
            usage.switch.upgrade(change("new"))
        assert usage.cluster.calls[-2:] == ["submit old from savepoint-of-job-1", "verify job-3"]
        assert usage.marks.made == [("media-usage", "new", NOW)]

    def test_where_the_old_build_does_not_start_either_a_rollback_starts_it_later(self, enrichment: World) -> None:
        enrichment.cluster.failing |= {"submit new": RuntimeError("no slot"), "submit old": RuntimeError("still none")}
        with pytest.raises(NotUpgraded, match=r"(?s)no slot.*still none.*nothing is lost.*make rollback") as failed:
            enrichment.switch.upgrade(change("new"))
        assert not isinstance(failed.value, RolledBack)
        assert enrichment.builds == []
        enrichment.switch.roll_back()
        assert enrichment.cluster.calls[-2:] == ["submit old from savepoint-of-job-1", "verify job-2"]

    def test_or_another_upgrade_goes_on_from_the_savepoint(self, enrichment: World) -> None:
        enrichment.cluster.failing |= {"submit new": RuntimeError("no slot"), "submit old": RuntimeError("still none")}
        with pytest.raises(NotUpgraded):
            enrichment.switch.upgrade(change("new"))
        enrichment.switch.upgrade(change("newer"))
        assert enrichment.cluster.calls[-2:] == ["submit newer from savepoint-of-job-1", "verify job-2"]


class TestKilled:
    """The process that upgrades is killed; the same command again goes on."""

    @pytest.mark.parametrize("step", ["replace", "submit new"])
    def test_after_the_stop(self, enrichment: World, step: str) -> None:
        enrichment.cluster.failing[step] = Killed()
        with pytest.raises(Killed):
            enrichment.switch.upgrade(change("new"))
        enrichment.switch.upgrade(change("new"))
        assert enrichment.cluster.calls.count("stop job-1") == 1
        assert enrichment.cluster.calls[-2:] == ["submit new from savepoint-of-job-1", "verify job-2"]

    def test_after_the_stop_and_before_it_was_noted(self, enrichment: World) -> None:
        """Flink knows the savepoint."""
        del enrichment.cluster.jobs["job-1"]
        enrichment.cluster.checkpoints["job-1"] = "savepoint-of-job-1"
        enrichment.switch.upgrade(change("new"))
        assert enrichment.cluster.calls == ["replace", "submit new from savepoint-of-job-1", "verify job-2"]

    def test_after_the_new_job_was_submitted_and_before_it_was_noted(self, enrichment: World) -> None:
        """It is found by its name, and never started beside another one."""
        enrichment.switch.upgrade(change("new"))
        enrichment.history.amend(replace(enrichment.history.last, job=""))
        enrichment.switch.upgrade(change("newer"))
        assert enrichment.cluster.calls[-4:] == [
            "stop job-2",
            "replace",
            "submit newer from savepoint-of-job-2",
            "verify job-3",
        ]

    def test_in_a_rollback(self, usage: World) -> None:
        usage.switch.upgrade(change("new"))
        usage.cluster.failing["submit old"] = Killed()
        with pytest.raises(Killed):
            usage.switch.roll_back()
        usage.switch.roll_back()
        assert usage.cluster.calls[-2:] == ["submit old from savepoint-of-job-1", "verify job-3"]

    def test_a_job_that_ended_without_any_checkpoint_cannot_be_continued(self, enrichment: World) -> None:
        enrichment.cluster.jobs.clear()
        with pytest.raises(NotUpgraded, match="ended before its first checkpoint"):
            enrichment.switch.upgrade(change("new"))


class TestRollback:
    def test_enrichment_goes_on_from_the_newest_checkpoint(self, enrichment: World) -> None:
        """An older one would write batches a second time behind those that the new build has committed."""
        enrichment.switch.upgrade(change("new"))
        enrichment.cluster.checkpoints["job-2"] = "chk-7"
        enrichment.cluster.calls.clear()
        done = enrichment.switch.roll_back()
        assert enrichment.cluster.calls == ["cancel job-2", "replace", "submit old from chk-7", "verify job-3"]
        assert done.doubtful == [HOUR]

    def test_usage_returns_to_its_savepoint_and_all_hours_since_are_marked(self, usage: World) -> None:
        usage.switch.upgrade(change("new"))
        usage.cluster.checkpoints["job-2"] = "chk-7"
        usage.cluster.calls.clear()
        usage.switch.roll_back()
        assert usage.cluster.calls == [
            "cancel job-2",
            "replace",
            "submit old from savepoint-of-job-1",
            "verify job-3",
        ]
        assert usage.marks.made == [("media-usage", "new", NOW)]

    def test_hours_are_marked_before_the_old_build_writes_over_them(self, usage: World) -> None:
        usage.switch.upgrade(change("new"))
        usage.cluster.failing["submit old"] = Killed()
        with pytest.raises(Killed):
            usage.switch.roll_back()
        assert usage.marks.made == [("media-usage", "new", NOW)]

    def test_where_marking_fails_nothing_is_started(self, usage: World) -> None:
        def fail(job: str, build: str, since: datetime | None) -> Sequence[datetime]:
            raise ConnectionError("the billing database does not answer")

        usage.switch.upgrade(change("new"))
        with pytest.raises(ConnectionError):
            Switch("media-usage", usage.cluster, usage.history, fail).roll_back()
        assert usage.builds == []
        usage.switch.roll_back()
        assert usage.builds == ["old"]

    def test_the_old_build_has_its_own_settings_again(self, usage: World) -> None:
        usage.switch.upgrade(change("new", environ={"A": "2"}, options={"x": "2"}))
        back = usage.switch.roll_back().deployment
        assert (back.environ, back.options) == ({}, {})

    def test_settings_of_the_same_build_are_marked_by_time_alone(self, enrichment: World) -> None:
        """The code is right and goes on: nothing tells its batches from before and after."""
        enrichment.switch.upgrade(change("old", environ={"ENRICHMENT_SEGMENT_PATTERNS": "wrong"}))
        enrichment.switch.roll_back()
        assert enrichment.marks.made == [("enrichment", "", NOW)]

    def test_going_back_further_condemns_all_between(self, usage: World) -> None:
        usage.switch.upgrade(change("second"))
        usage.switch.upgrade(change("third"))
        usage.cluster.calls.clear()
        usage.switch.roll_back("old")
        assert usage.cluster.calls[-2] == "submit old from savepoint-of-job-1"
        assert sorted(build for _, build, _ in usage.marks.made) == ["second", "third"]

    def test_going_back_further_passes_an_upgrade_that_came_to_nothing(self, usage: World) -> None:
        usage.switch.upgrade(change("second"))
        usage.cluster.failing["submit third"] = Killed()
        with pytest.raises(Killed):
            usage.switch.upgrade(change("third"))
        assert usage.switch.roll_back("old").deployment.build == "old"

    def test_twice_is_two_steps_and_never_one_forward(self, usage: World) -> None:
        usage.switch.upgrade(change("second"))
        usage.switch.upgrade(change("third"))
        assert usage.switch.roll_back().deployment.build == "second"
        assert usage.switch.roll_back().deployment.build == "old"
        with pytest.raises(NothingBefore):
            usage.switch.roll_back()
        assert usage.builds == ["old"]

    def test_with_nothing_before_the_job_goes_on(self, usage: World) -> None:
        with pytest.raises(NothingBefore):
            usage.switch.roll_back()
        assert (usage.builds, usage.cluster.calls) == (["old"], [])
