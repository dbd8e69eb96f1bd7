"""The commands `make upgrade` and `make rollback`: what they ask for, what they say, how they end."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local import flink
from local.settings import ROOT, Settings
from local.upgrade import __main__ as command
from local.upgrade.builds import Build, InvalidBuild
from local.upgrade.deployments import Deployment, NothingBefore
from local.upgrade.switch import Change, NotUpgraded, Switched
from local.upgrade.wiring import change_to

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
NEW = Deployment(number=2, build="new", job="job-2", started_from="file:/savepoint")


class FakeSwitch:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.failure: BaseException | None = None
        self.doubtful: list[datetime] = []

    def upgrade(self, change: Change) -> Switched:
        return self._do(change.options)

    def roll_back(self, build: str | None = None) -> Switched:
        return self._do(("back", build))

    def _do(self, asked: object) -> Switched:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure
        return Switched(deployment=NEW, gap_s=21.4, doubtful=self.doubtful)


@pytest.fixture
def switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSwitch:
    """A stack that runs; what a change is made of is noted in place of the change."""
    fake = FakeSwitch()
    Settings(state=tmp_path).save()
    (tmp_path / "log").mkdir()
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    monkeypatch.setattr(flink, "running", lambda settings: True)

    def make(settings: Settings, job: str, tree: Path, environ: Mapping[str, str], build: str | None) -> Change:
        asked = {"job": job, "tree": str(tree), "build": str(build)}
        taken = {name: environ[name] for name in ("ENRICHMENT_PARALLELISM",) if name in environ}
        return Change(build=Build("new", tree), options=asked, environ=taken)

    monkeypatch.setattr(command, "switch_of", lambda settings, job: fake)
    monkeypatch.setattr(command, "change_to", make)
    return fake


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        pytest.param(["enrichment"], {"job": "enrichment", "tree": str(ROOT), "build": "None"}, id="this tree"),
        pytest.param(
            ["media-usage", "--tree", "/other"],
            {"job": "media-usage", "tree": "/other", "build": "None"},
            id="another tree",
        ),
        pytest.param(
            ["enrichment", "--build", "abc"],
            {"job": "enrichment", "tree": str(ROOT), "build": "abc"},
            id="a kept build",
        ),
        pytest.param(["--back", "enrichment"], ("back", None), id="back"),
        pytest.param(["--back", "enrichment", "--build", "abc"], ("back", "abc"), id="back to a build"),
    ],
)
def test_what_is_asked_for(switch: FakeSwitch, arguments: list[str], asked: object) -> None:
    assert command.main(arguments) == 0
    assert switch.asked == [asked]


def test_success_says_what_runs_since_when_and_from_where(
    switch: FakeSwitch, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["enrichment"])
    assert capsys.readouterr().out == (
        "enrichment: build new runs and has completed a checkpoint, 21 s after the stop\n"
        "  started from file:/savepoint\n"
    )


def test_a_rollback_names_the_hours_in_doubt(switch: FakeSwitch, capsys: pytest.CaptureFixture[str]) -> None:
    switch.doubtful = [TEN, TEN + timedelta(hours=1), TEN + timedelta(hours=5)]
    command.main(["--back", "media-usage"])
    assert capsys.readouterr().out.splitlines()[-1] == (
        "  in doubt until they are settled and reprocessed (`python -m ops.doubt`):"
        " 2026-09-01T10 to 2026-09-01T11, 2026-09-01T15 to 2026-09-01T15"
    )


def test_a_setting_of_the_new_build_is_no_longer_there_when_the_one_before_is_started_again(
    switch: FakeSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICHMENT_PARALLELISM", "none")
    command.main(["enrichment"])
    assert "ENRICHMENT_PARALLELISM" not in os.environ


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        pytest.param(InvalidBuild("no import"), 2, "no import\nthe job goes on as before", id="build"),
        pytest.param(NotUpgraded("it restarts"), 1, "it restarts", id="not upgraded"),
        pytest.param(NothingBefore("never deployed"), 1, "never deployed", id="nothing before"),
        pytest.param(
            ConnectionRefusedError("Flink is away"),
            1,
            "Flink is away; mend that, then the same command again\n",
            id="no answer",
        ),
        pytest.param(
            RuntimeError("job 1:\njava.io.IOException: no\nCaused by: java.lang.Error: disk full\n\tat ..."),
            1,
            "upgrade: java.lang.Error: disk full; mend that",
            id="a stack trace",
        ),
        pytest.param(KeyboardInterrupt(), 130, "the same command again goes on", id="interrupted"),
    ],
)
def test_each_failure_has_a_message_and_a_status(
    switch: FakeSwitch, capsys: pytest.CaptureFixture[str], failure: BaseException, status: int, told: str
) -> None:
    switch.failure = failure
    assert command.main(["enrichment"]) == status
    assert told in capsys.readouterr().err


def test_what_is_too_long_for_a_person_stands_in_a_file(
    switch: FakeSwitch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    switch.failure = RuntimeError("java.io.IOException: no\nCaused by: java.lang.Error: disk full\n\tat somewhere")
    command.main(["enrichment"])
    log = tmp_path / "log" / "upgrade.log"
    assert capsys.readouterr().err.endswith(f"\ndetails: {log}\n")
    assert "\tat somewhere" in log.read_text()


def test_a_mistake_of_the_program_shows_itself(switch: FakeSwitch) -> None:
    switch.failure = TypeError("a bug")
    with pytest.raises(TypeError):
        command.main(["enrichment"])


def test_two_at_once_are_refused(switch: FakeSwitch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with command.alone(Settings(state=tmp_path)):
        assert command.main(["enrichment"]) == 1
    assert "another upgrade or rollback is under way" in capsys.readouterr().err
    assert command.main(["enrichment"]) == 0


@pytest.mark.parametrize("saved", [True, False])
def test_without_a_stack_there_is_nothing_to_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], saved: bool
) -> None:
    if saved:
        Settings(state=tmp_path).save()
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    assert command.main(["enrichment"]) == 2
    assert f"no stack runs in {tmp_path}: `make up` first" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["collectors"], ["enrichment", "media-usage"]])
def test_what_is_no_job_is_refused(switch: FakeSwitch, arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert switch.asked == []


class TestChange:
    @pytest.fixture
    def make(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Change]:
        """Changes to a tree of which only the Flink configuration matters."""
        monkeypatch.setattr("local.upgrade.builds.keep", lambda settings, tree: Build("kept", tree))
        monkeypatch.setattr("local.upgrade.builds.find", lambda settings, build: Build(build, tmp_path))
        (tmp_path / "flink-conf").mkdir()
        (tmp_path / "flink-conf" / "media-usage.yaml").write_text("state.backend.type: rocksdb\n")
        return lambda **values: change_to(Settings(state=tmp_path), "media-usage", tmp_path, **values)

    def test_it_is_a_trees_code_and_configuration(self, make: Callable[..., Change], tmp_path: Path) -> None:
        assert make() == Change(build=Build("kept", tmp_path), options={"state.backend.type": "rocksdb"})

    def test_a_kept_build_runs_with_the_trees_configuration(self, make: Callable[..., Change], tmp_path: Path) -> None:
        assert make(build="abc") == Change(build=Build("abc", tmp_path), options={"state.backend.type": "rocksdb"})

    def test_of_the_environment_only_settings_of_the_job_are_taken(self, make: Callable[..., Change]) -> None:
        environ = {"MEDIA_USAGE_PARALLELISM": "2", "ENRICHMENT_PARALLELISM": "3", "HOME": "/"}
        assert make(environ=environ).environ == {"MEDIA_USAGE_PARALLELISM": "2"}
