"""The drill as a program: which faults it does, its exit status, and one line for what has an explanation."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator

import pytest

from local.chaos import __main__ as program
from local.chaos.drill import NotSettled
from local.chaos.faults import registry
from local.chaos.recovery import NoRecovery
from local.chaos.settings import ChaosSettings
from local.commands import CommandFailed
from local.flink_jobs import JobEnded, SubmitFailed
from local.process import StartFailed
from local.settings import InvalidSetting
from local.traffic.post import Refused

KINDS = registry.kinds(with_disks=True)


@pytest.fixture(autouse=True)
def process_state() -> Iterator[None]:
    """Put back what a program may change of its process and a test may not."""
    handler, level = signal.getsignal(signal.SIGTERM), logging.getLogger("local.stack").level
    yield
    signal.signal(signal.SIGTERM, handler)
    logging.getLogger("local.stack").setLevel(level)


def ending_with(outcome: BaseException | int) -> Callable[..., int]:
    def run(*_: object) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return run


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_verdict(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(program, "run", ending_with(status))
    assert program.main() == status


@pytest.mark.parametrize(
    "error",
    [NoRecovery, NotSettled, Refused, CommandFailed, JobEnded, SubmitFailed, StartFailed, InvalidSetting, TimeoutError],
)
@pytest.mark.parametrize("grouped", [False, True])
def test_what_has_an_explanation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception], grouped: bool
) -> None:
    failure = error("the reason")
    monkeypatch.setattr(program, "run", ending_with(ExceptionGroup("tasks", [failure]) if grouped else failure))
    assert program.main() == 1
    assert capsys.readouterr().err == "chaos: the reason\n"


@pytest.mark.parametrize("failure", [KeyError("a mistake"), ExceptionGroup("tasks", [KeyError("a mistake")])])
def test_a_fault_of_the_drill_itself_shows_its_traceback(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    monkeypatch.setattr(program, "run", ending_with(failure))
    with pytest.raises(type(failure)):
        program.main()


def test_an_interruption_has_the_status_of_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "run", ending_with(KeyboardInterrupt()))
    assert program.main() == 130
    assert capsys.readouterr().err == "chaos: interrupted; everything is stopped\n"


def test_a_whole_drill_does_every_kind() -> None:
    names = program._names(ChaosSettings(seed=1), KINDS)
    assert {kind.name for kind in KINDS} == set(names)
    assert len(names) >= 30


def test_a_short_drill_does_as_many_as_asked_for_of_the_chosen_kinds() -> None:
    chosen = ChaosSettings(seed=1, faults=3, kinds=("kill-redis", "kill-broker"))
    names = program._names(chosen, KINDS)
    assert (len(names), set(names)) == (3, {"kill-redis", "kill-broker"})


def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSetting, match=r"KINDS=kill-me is no kind of fault here: there are .*kill-redis"):
        program._names(ChaosSettings(seed=1, kinds=("kill-redis", "kill-me")), KINDS)
