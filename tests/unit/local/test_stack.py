"""The stack's folder, with no server involved."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import Settings
from local.stack import AlreadyRunning, Stack


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "state" / "log").mkdir(parents=True)
    return Settings(state=tmp_path / "state")


def test_what_an_earlier_stack_left_is_deleted(settings: Settings) -> None:
    Stack(settings).erase()
    assert list(settings.state.iterdir()) == []


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    Stack(Settings(state=tmp_path / "new")).erase()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_stack_that_runs_is_left_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "running", lambda _: ["kafka"])
    with pytest.raises(AlreadyRunning, match=r"^kafka of the stack in .* already run$"):
        Stack(settings).erase()
    assert (settings.state / "log").exists()
