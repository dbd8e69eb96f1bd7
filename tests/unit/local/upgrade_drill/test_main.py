"""The drill as a program: how it ends, and what of its own it explains."""

from __future__ import annotations

import pytest

from local.upgrade.builds import InvalidBuild
from local.upgrade.switch import NotUpgraded
from local.upgrade_drill import __main__ as program
from local.upgrade_drill.drills import NotAsExpected
from local.upgrade_drill.trees import StaleEdit
from tests.support.program import ending_with


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_verdict(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(program, "run", ending_with(status))
    assert program.main() == status


@pytest.mark.parametrize("error", [InvalidBuild, NotUpgraded, NotAsExpected, StaleEdit])
def test_what_has_an_explanation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    monkeypatch.setattr(program, "run", ending_with(error("the reason")))
    assert program.main() == 1
    assert capsys.readouterr().err == "upgrade: the reason\n"
