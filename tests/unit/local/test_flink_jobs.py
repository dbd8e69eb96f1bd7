"""Submitting jobs: their options, and what a failed submission says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local import flink_home, flink_jobs
from local.flink_jobs import SubmitFailed, options_file, submit
from local.settings import ROOT, Settings

JOB = "0123456789abcdef0123456789abcdef"

FakeFlink = Callable[[str], Settings]


@pytest.fixture
def flink(tmp_path: Path) -> FakeFlink:
    """A `flink` command that notes its arguments and does what the given shell script says."""

    def make(script: str) -> Settings:
        settings = Settings(state=tmp_path)
        command = Path(flink_home.command(settings))
        command.parent.mkdir(parents=True)
        command.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environ\n{script}\n'
        )
        command.chmod(0o755)
        return settings

    return make


def arguments(settings: Settings) -> list[str]:
    return (settings.state / "arguments").read_text().splitlines()


@pytest.mark.parametrize(
    ("module", "file"),
    [
        pytest.param("jobs.enrichment", "enrichment.yaml", id="enrichment"),
        pytest.param("jobs.media_usage", "media-usage.yaml", id="media usage"),
    ],
)
def test_a_job_has_its_file_in_flink_conf(module: str, file: str) -> None:
    assert options_file(module) == flink_home.CONF / file
    assert options_file(module).exists()


def test_submitting_returns_the_id_that_flink_prints(flink: FakeFlink) -> None:
    settings = flink(f"echo Job has been submitted with JobID {JOB}")
    assert submit(settings, "jobs.enrichment") == JOB


def test_given_options_win_over_the_jobs_file(flink: FakeFlink) -> None:
    settings = flink(f"echo Job has been submitted with JobID {JOB}")
    submit(settings, "jobs.enrichment", options={"execution.checkpointing.interval": "2 s"})
    given = arguments(settings)
    assert "-Dexecution.checkpointing.interval=2 s" in given
    assert "-Dexecution.checkpointing.interval=5 min" not in given
    assert "-Dpython.execution-mode=thread" in given


def test_the_program_follows_the_options_and_its_arguments_the_program(flink: FakeFlink) -> None:
    settings = flink(f"echo Job has been submitted with JobID {JOB}")
    submit(settings, "scratch.job", arguments=["--once"], savepoint="file:/savepoints/1")
    assert arguments(settings) == [
        "run",
        "--detached",
        f"-Dpython.pythonpath={flink_home.python_path(ROOT)}",
        "--fromSavepoint",
        "file:/savepoints/1",
        "-pym",
        "scratch.job",
        "--once",
    ]


def test_the_program_finds_the_servers_by_its_environment_and_callers_may_override(flink: FakeFlink) -> None:
    settings = flink(f"echo Job has been submitted with JobID {JOB}")
    submit(settings, "jobs.enrichment", environ={"ENRICHMENT_REDIS_URL": "redis://elsewhere"})
    environ = dict(line.partition("=")[::2] for line in (settings.state / "environ").read_text().splitlines())
    assert environ["ENRICHMENT_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:19000"
    assert environ["ENRICHMENT_REDIS_URL"] == "redis://elsewhere"


def test_a_program_that_fails_is_reported_with_all_it_said(flink: FakeFlink) -> None:
    settings = flink("echo settings are wrong; echo at line 3 >&2; exit 1")
    with pytest.raises(SubmitFailed) as failed:
        submit(settings, "jobs.enrichment")
    assert str(failed.value) == "flink run jobs.enrichment ended with 1:\nsettings are wrong\nat line 3\n"


def test_a_submission_without_a_job_id_is_a_failure(flink: FakeFlink) -> None:
    settings = flink("echo nothing to run")
    with pytest.raises(SubmitFailed, match="ended with 0"):
        submit(settings, "jobs.enrichment")


def test_waiting_ends_with_the_jobs_last_exception_if_the_job_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flink_jobs, "state", lambda _settings, _job: "FAILED")
    monkeypatch.setattr(flink_jobs, "last_exception", lambda _settings, _job: "java.io.IOException: disk full")
    with pytest.raises(flink_jobs.JobEnded) as ended:
        flink_jobs.wait(Settings(), JOB, lambda: False, timeout=10, what="a checkpoint")
    assert str(ended.value) == f"job {JOB} is FAILED while waiting for a checkpoint: java.io.IOException: disk full"


def test_waiting_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flink_jobs, "state", lambda _settings, _job: "RESTARTING")
    with pytest.raises(TimeoutError, match="is RESTARTING after 0 s of waiting for its tasks to run"):
        flink_jobs.wait(Settings(), JOB, lambda: False, timeout=0, what="its tasks to run")
