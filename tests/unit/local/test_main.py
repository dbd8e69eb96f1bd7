"""The command line without a stack: usage, wrong settings, nothing running."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.__main__ import main


@pytest.fixture(autouse=True)
def empty_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    monkeypatch.delenv("PORT_BASE", raising=False)


@pytest.mark.parametrize(
    "arguments",
    [pytest.param([], id="none"), pytest.param(["restart"], id="unknown"), pytest.param(["up", "now"], id="too many")],
)
def test_wrong_arguments_are_answered_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: python -m local up|status|down|clean ")


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT_BASE", "none")
    assert main(["up"]) == 2
    assert capsys.readouterr().err == "local stack: PORT_BASE=none is not a whole number\n"


def test_the_status_of_no_stack_is_not_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 3
    assert capsys.readouterr().out == f"local stack: not running in {tmp_path}\n"


def test_stopping_no_stack_is_no_error() -> None:
    assert main(["down"]) == 0
