"""What the demo does to its system, with the system itself left out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from local import billing, flink, flink_jobs
from local.clock import ClockFile
from local.commands import CommandFailed
from local.demo.platform import ENRICHMENT, Platform, beside
from local.demo.player import Endpoint
from local.settings import Settings
from local.stack import Stack
from local.traffic import sources


class StandIn:
    """A stack that runs nothing."""

    billing_dsn = "postgresql://nowhere/billing"
    environ: Mapping[str, str] = {"BILLING_DSN": "postgresql://nowhere/billing", "FLINK_RUN": "flink run"}

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "sources.yaml"
    sources.write(file, {})
    return Settings(state=tmp_path, port_base=20_000, sources_file=file)


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Platform:
    stack = cast("Stack", StandIn(settings))
    return Platform(stack, ClockFile(tmp_path / "clock", 0), {ENRICHMENT: "job-1"})


def test_folder_and_ports_are_its_own() -> None:
    settings = Settings(state=Path("/somewhere/state"), port_base=20_000, collectors=5)
    own = beside(settings)
    assert (own.state, own.port_base, own.collectors) == (Path("/somewhere/state-demo"), 20_100, 2)


def test_the_taskmanager_of_the_enrichment_job_is_killed(running: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(flink_jobs, "restores", lambda *_: 0)
    monkeypatch.setattr(flink, "taskmanagers_of", lambda _, job: {"job-1": [2]}[job])
    monkeypatch.setattr(flink, "kill_taskmanager", lambda _, index: killed.append(index))
    running.kill_taskmanager()
    assert killed == [2]


def test_settling_waits_for_the_stored_watermark(running: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[tuple[str, datetime]] = []
    monkeypatch.setattr(billing, "wait_watermark", lambda dsn, wanted, _: waited.append((dsn, wanted)))
    running.wait_settled(1_795_309_200_000)
    assert waited == [(running.billing_dsn, datetime(2026, 11, 22, 1, tzinfo=UTC))]


class Command:
    """Stands in for subprocess.run."""

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode
        self.argv: list[str] = []
        self.env: Mapping[str, str] = {}

    def __call__(self, argv: list[str], *, env: Mapping[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.argv, self.env = argv, env
        return subprocess.CompletedProcess(argv, self.returncode, stdout="printed\n", stderr="complained\n")


HOURS = (datetime(2026, 11, 18, 18, tzinfo=UTC), datetime(2026, 11, 18, 21, tzinfo=UTC))


def test_reprocess_is_the_operators_own_command(running: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command(0)
    monkeypatch.setattr(subprocess, "run", command)
    assert running.reprocess(*HOURS) == "printed\n"
    assert command.argv[1:] == ["-m", "ops.reprocess", "2026-11-18T18", "2026-11-18T21", "--yes"]
    assert command.env["FLINK_RUN"] == "flink run"


def test_a_refused_reprocess_says_why(running: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", Command(1))
    with pytest.raises(CommandFailed, match=r"ended with 1:\nprinted\ncomplained"):
        running.reprocess(*HOURS)


def test_every_collector_has_its_endpoint(running: Platform) -> None:
    assert running.endpoints == [
        Endpoint(
            http_url=f"http://127.0.0.1:{20_040 + index}",
            syslog_host="127.0.0.1",
            syslog_port=Settings(port_base=20_000).ports.collector_syslog(index, 0),
        )
        for index in range(2)
    ]
