"""What an upgrade asks of Flink, on answers of its REST API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import billing, flink, flink_jobs, postgres, process, waiting
from local.flink import RestError
from local.settings import Settings
from local.upgrade import builds, cluster
from local.upgrade.cluster import LocalCluster
from local.upgrade.deployments import Deployment
from local.upgrade.verification import Crashing

JOB = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path, taskmanagers=2)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the REST API answers by path; a list by turns, the last one for ever. What has no answer is refused."""
    known: dict[str, Any] = {}
    turns: dict[str, Iterator[Any]] = {}

    def rest(settings: Settings, method: str, path: str, body: object = None) -> Any:
        if path not in known:
            raise RestError(f"{method} {path}: 404")
        if not isinstance(known[path], list):
            return known[path]
        turns.setdefault(path, iter(known[path]))
        return next(turns[path], known[path][-1])

    for module in (flink, flink_jobs):
        monkeypatch.setattr(module, "rest", rest)
    for polling in (waiting, flink_jobs):
        monkeypatch.setattr(polling, "_POLL_SECONDS", 0.0)
    return known


def checkpoint(number: int, name: str) -> dict[str, object]:
    return {"id": number, "external_path": f"file:/{name}"}


def checkpoints(latest: dict[str, Any]) -> dict[str, object]:
    nothing = {"completed": None, "savepoint": None, "failed": None, "restored": None}
    return {"latest": nothing | latest}


class TestNewestCheckpoint:
    @pytest.mark.parametrize(
        ("latest", "newest"),
        [
            pytest.param({}, None, id="none yet"),
            pytest.param({"restored": checkpoint(4, "chk-4")}, None, id="only the one that it began with"),
            pytest.param({"completed": checkpoint(5, "chk-5")}, "file:/chk-5", id="a checkpoint"),
            pytest.param(
                {"completed": checkpoint(10, "chk-10"), "savepoint": checkpoint(9, "savepoint")},
                "file:/chk-10",
                id="a checkpoint after a savepoint",
            ),
            pytest.param(
                {"completed": checkpoint(9, "chk-9"), "savepoint": checkpoint(10, "savepoint")},
                "file:/savepoint",
                id="the savepoint that stopped it",
            ),
        ],
    )
    def test_is_what_flink_says(
        self, settings: Settings, answers: dict[str, Any], latest: dict[str, Any], newest: str | None
    ) -> None:
        answers[f"/jobs/{JOB}/checkpoints"] = checkpoints(latest)
        assert LocalCluster(settings).newest_checkpoint(JOB) == newest

    @pytest.mark.parametrize(
        ("complete", "incomplete", "newest"),
        [
            pytest.param([], [1], None, id="none is complete"),
            pytest.param([9, 10], [11], "chk-10", id="by number, not by name"),
        ],
    )
    def test_of_a_job_that_flink_has_forgotten_is_on_disk(
        self,
        settings: Settings,
        answers: dict[str, Any],
        complete: list[int],
        incomplete: list[int],
        newest: str | None,
    ) -> None:
        folder = settings.state / "flink" / "checkpoints" / JOB
        for number in (*complete, *incomplete):
            (folder / f"chk-{number}").mkdir(parents=True)
        for number in complete:
            (folder / f"chk-{number}" / "_metadata").touch()
        expected = None if newest is None else (folder / newest).as_uri()
        assert LocalCluster(settings).newest_checkpoint(JOB) == expected


class TestVerify:
    @pytest.fixture
    def job(self, answers: dict[str, Any]) -> dict[str, Any]:
        """A job that runs, has read a message, and completes a checkpoint a moment later."""
        later = {"id": 1, "trigger_timestamp": 2_000_000_000_000}
        answers[f"/jobs/{JOB}"] = self.job_of("RUNNING")
        answers[f"/jobs/{JOB}/checkpoints"] = [checkpoints({}), checkpoints({}), checkpoints({"completed": later})]
        answers[f"/jobs/{JOB}/exceptions"] = {"exceptionHistory": {"entries": []}}
        answers[f"/jobs/{JOB}/exceptions?maxExceptions=1"] = {"exceptionHistory": {"entries": [{"stacktrace": "Boom"}]}}
        return answers

    @staticmethod
    def job_of(state: str) -> dict[str, Any]:
        tasks = {"RUNNING": int(state == "RUNNING")}
        return {"state": state, "vertices": [{"parallelism": 1, "tasks": tasks, "metrics": {"read-records": 7}}]}

    def test_a_checkpoint_is_asked_for_and_a_refusal_is_no_failure(
        self, settings: Settings, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def refuse(settings: Settings, job: str) -> None:
            asked.append(job)
            raise RestError("not all tasks run")

        monkeypatch.setattr(flink_jobs, "trigger_checkpoint", refuse)
        LocalCluster(settings).verify(JOB)
        assert asked == [JOB]

    def test_a_job_that_fails_again_and_again_is_given_up_with_its_exception(
        self, settings: Settings, job: dict[str, Any]
    ) -> None:
        job[f"/jobs/{JOB}/checkpoints"] = checkpoints({})
        job[f"/jobs/{JOB}/exceptions"] = {"exceptionHistory": {"entries": [{}] * 3}}
        with pytest.raises(Crashing, match="Boom"):
            LocalCluster(settings).verify(JOB)

    def test_a_job_that_has_ended_is_not_waited_for(self, settings: Settings, job: dict[str, Any]) -> None:
        job[f"/jobs/{JOB}"] = self.job_of("FAILED")
        with pytest.raises(flink_jobs.JobEnded, match=r"is FAILED while waiting for a checkpoint .*: Boom"):
            LocalCluster(settings).verify(JOB)


class TestReplacingTaskManagers:
    @staticmethod
    def taskmanagers(*names: str) -> dict[str, Any]:
        return {"taskmanagers": [{"id": name} for name in names]}

    @pytest.fixture(autouse=True)
    def one_job(self, answers: dict[str, Any]) -> None:
        """It works on taskmanager-1, and waits for another slot; another job has ended."""
        ended = {"jid": "ended", "name": "media-usage", "state": "FINISHED"}
        answers["/jobs/overview"] = {"jobs": [{"jid": JOB, "name": "enrichment", "state": "RUNNING"}, ended]}
        answers[f"/jobs/{JOB}"] = {"vertices": [{"id": "v"}]}
        at = [{"taskmanager-id": resource} for resource in ("taskmanager-1-a", "(unassigned)")]
        answers[f"/jobs/{JOB}/vertices/v/taskmanagers"] = {"taskmanagers": at}

    @pytest.fixture
    def signalled(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Names of the processes that were told to end."""
        found: list[str] = []

        class Process:
            def __init__(self, name: str) -> None:
                self._name = name

            def signal(self, number: int) -> None:
                found.append(self._name)

            def wait(self, timeout: float) -> bool:
                return True

        monkeypatch.setattr(process, "find", lambda state, name: Process(name))
        return found

    def test_those_that_run_nothing_are_replaced_and_waited_for(
        self, settings: Settings, answers: dict[str, Any], signalled: list[str]
    ) -> None:
        answers["/taskmanagers"] = [
            self.taskmanagers("taskmanager-0-a", "taskmanager-1-a"),
            self.taskmanagers("taskmanager-1-a"),
            self.taskmanagers("taskmanager-1-a", "taskmanager-0-b"),
        ]
        answers["/overview"] = [
            {"taskmanagers": 1, "slots-total": 1},
            {"taskmanagers": 2, "slots-total": 2},
        ]
        LocalCluster(settings).replace_taskmanagers()
        assert signalled == ["taskmanager-0"]

    def test_one_that_does_not_come_back_is_a_failure(
        self, settings: Settings, answers: dict[str, Any], signalled: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cluster, "_REPLACE_SECONDS", 0.0)
        answers["/taskmanagers"] = self.taskmanagers("taskmanager-0-a")
        answers["/overview"] = {"taskmanagers": 1, "slots-total": 1}
        with pytest.raises(TimeoutError, match="waited 0 s for the TaskManagers to come back"):
            LocalCluster(settings).replace_taskmanagers()


def test_a_deployment_is_submitted_with_its_own_code_options_and_state(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}

    def submit(settings: Settings, module: str, **values: object) -> str:
        given.update(values, module=module)
        return JOB

    monkeypatch.setattr(flink_jobs, "submit", submit)
    kept = builds.folder(settings) / "abc"
    kept.mkdir(parents=True)
    deployment = Deployment(
        number=1,
        build="abc",
        environ={"ENRICHMENT_PARALLELISM": "2"},
        options={"x": "1"},
        overrides={"y": "2"},
        started_from="file:/savepoint",
    )
    assert LocalCluster(settings).submit("jobs.enrichment", deployment) == JOB
    assert given == {
        "module": "jobs.enrichment",
        "environ": {"ENRICHMENT_PARALLELISM": "2"},
        "options": {"x": "1", "y": "2"},
        "savepoint": "file:/savepoint",
        "code": kept,
    }


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        pytest.param([], [], id="none"),
        pytest.param([("a", "enrichment", "RUNNING"), ("b", "media-usage", "RUNNING")], ["a"], id="by its name"),
        pytest.param([("a", "enrichment", "FINISHED"), ("b", "enrichment", "RESTARTING")], ["b"], id="not ended"),
    ],
)
def test_a_job_is_found_by_its_name(
    settings: Settings, answers: dict[str, Any], listed: list[tuple[str, str, str]], found: list[str]
) -> None:
    answers["/jobs/overview"] = {"jobs": [{"jid": jid, "name": name, "state": state} for jid, name, state in listed]}
    assert LocalCluster(settings).named("enrichment") == found


def test_time_is_the_billing_databases(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def query(dsn: str, statement: str) -> list[tuple[str]]:
        asked.append((dsn, statement))
        return [("its time",)]

    monkeypatch.setattr(billing, "query", query)
    monkeypatch.setattr(postgres, "dsn", lambda settings, database: f"address of {database}")
    assert str(LocalCluster(settings).now()) == "its time"
    assert asked == [("address of billing", "SELECT clock_timestamp()")]
