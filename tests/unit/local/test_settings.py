"""Settings of the local stack: defaults, environment, limits, and what is kept for `status` and `down`."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import ROOT, InvalidSetting, Settings, from_environment


def test_an_empty_environment_gives_the_stack_of_the_checkout() -> None:
    settings = from_environment({})
    assert (settings.state, settings.port_base, settings.taskmanagers, settings.collectors, settings.partitions) == (
        ROOT / ".local" / "state",
        19_000,
        3,
        2,
        4,
    )


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert from_environment({"PORT_BASE": "", "LOCAL_STATE": ""}) == Settings()


def test_variables_move_and_size_the_stack(tmp_path: Path) -> None:
    variables = {"PORT_BASE": "20000", "LOCAL_STATE": str(tmp_path), "TASKMANAGERS": "2", "COLLECTORS": "3"}
    assert from_environment(variables) == Settings(state=tmp_path, port_base=20_000, taskmanagers=2, collectors=3)


def test_a_relative_state_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_environment({"LOCAL_STATE": "second"}).state == tmp_path / "second"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param({"PORT_BASE": "web"}, "PORT_BASE=web is not a whole number", id="no number"),
        pytest.param(
            {"PORT_BASE": "80"},
            "PORT_BASE=80 is not within 1024..65435: choose a free block above 1023",
            id="privileged ports",
        ),
        pytest.param(
            {"PORT_BASE": "65500"},
            "PORT_BASE=65500 is not within 1024..65435: choose a free block above 1023",
            id="block beyond the last port",
        ),
        pytest.param(
            {"TASKMANAGERS": "1"},
            "TASKMANAGERS=1 is not within 2..10: each job needs one of its own",
            id="fewer TaskManagers than jobs",
        ),
        pytest.param(
            {"COLLECTORS": "11"},
            "COLLECTORS=11 is not within 1..10: each has its block of ports",
            id="more collectors than ports",
        ),
        pytest.param(
            {"PARTITIONS": "721"},
            "PARTITIONS=721 is not within 1..720: pipeline.max-parallelism is 720",
            id="more partitions than key groups",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_setting_and_remedy(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        from_environment(variables)
    assert str(refused.value) == message


def test_saved_settings_are_loaded_as_they_were(tmp_path: Path) -> None:
    settings = Settings(
        state=tmp_path / "state",
        port_base=21_000,
        sources_file=tmp_path / "sources.yaml",
        collector_environ={"COLLECTOR_CLOCK": "system"},
        flink_options={"heartbeat.timeout": "10 s"},
    )
    settings.save()
    assert Settings.load(settings.state) == settings


def test_a_folder_without_a_stack_has_no_settings(tmp_path: Path) -> None:
    assert Settings.load(tmp_path) is None
