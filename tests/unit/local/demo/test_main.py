"""The demo as a program: what of its own it explains in one line."""

from __future__ import annotations

import pytest

from local.demo import __main__ as demo
from local.demo.feed import FeedDied
from local.demo.outage import NoRecovery
from local.demo.platform import Failed
from tests.support.program import ending_with


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_comparison(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(demo, "run", ending_with(status))
    assert demo.main() == status


@pytest.mark.parametrize("error", [Failed, NoRecovery, FeedDied, TimeoutError])
def test_what_has_an_explanation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    monkeypatch.setattr(demo, "run", ending_with(error("the reason")))
    assert demo.main() == 1
    assert capsys.readouterr().err == "demo: the reason\n"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT_BASE", "many")
    assert demo.main() == 1
    assert capsys.readouterr().err == "demo: PORT_BASE=many is not a whole number\n"
