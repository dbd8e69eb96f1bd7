"""The drill as a program: which faults it does, and what of its own it explains in one line."""

from __future__ import annotations

import pytest

from local.chaos import __main__ as chaos
from local.chaos.faults import registry
from local.chaos.recovery import NoRecovery
from local.chaos.settings import ChaosSettings
from local.settings import InvalidSetting
from tests.support.program import ending_with

KINDS = registry.kinds(with_disks=True)


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_verdict(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(chaos, "run", ending_with(status))
    assert chaos.main() == status


@pytest.mark.parametrize("error", [NoRecovery, TimeoutError])
def test_what_has_an_explanation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    monkeypatch.setattr(chaos, "run", ending_with(error("the reason")))
    assert chaos.main() == 1
    assert capsys.readouterr().err == "chaos: the reason\n"


def test_a_whole_drill_does_every_kind() -> None:
    names = chaos._names(ChaosSettings(seed=1), KINDS)
    assert {kind.name for kind in KINDS} == set(names)
    assert len(names) >= 30


def test_a_short_drill_does_as_many_as_asked_for_of_the_chosen_kinds() -> None:
    chosen = ChaosSettings(seed=1, faults=3, kinds=("kill-redis", "kill-broker"))
    names = chaos._names(chosen, KINDS)
    assert (len(names), set(names)) == (3, {"kill-redis", "kill-broker"})


def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSetting, match=r"KINDS=kill-me is no kind of fault here: there are .*kill-redis"):
        chaos._names(ChaosSettings(seed=1, kinds=("kill-redis", "kill-me")), KINDS)
