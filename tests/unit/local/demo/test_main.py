"""The demo as a program: its exit status, and one line instead of a traceback for what has an explanation."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from local.commands import CommandFailed
from local.demo import __main__ as program
from local.demo.feed import FeedDied
from local.demo.outage import NoRecovery
from local.demo.platform import Failed, NotInTime
from local.flink_jobs import JobEnded, SubmitFailed
from local.ports import PortInUse
from local.process import StartFailed
from local.traffic.post import Refused


@pytest.fixture(autouse=True)
def process_state() -> Iterator[None]:
    """Put back what a program may change of its process and a test may not."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    level = logging.getLogger("local.stack").level
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.getLogger("local.stack").setLevel(level)


def ending_with(outcome: BaseException | int) -> Callable[..., int]:
    def run(*_: object) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return run


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_comparison(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(program, "run", ending_with(status))
    assert program.main() == status


@pytest.mark.parametrize(
    "error",
    [
        Failed,
        CommandFailed,
        NotInTime,
        NoRecovery,
        Refused,
        FeedDied,
        JobEnded,
        SubmitFailed,
        PortInUse,
        StartFailed,
        TimeoutError,
    ],
)
def test_what_has_an_explanation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    monkeypatch.setattr(program, "run", ending_with(error("the reason")))
    assert program.main() == 1
    assert capsys.readouterr().err == "demo: the reason\n"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT_BASE", "many")
    assert program.main() == 1
    assert capsys.readouterr().err == "demo: PORT_BASE=many is not a whole number\n"


def test_an_interruption_has_the_status_of_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "run", ending_with(KeyboardInterrupt()))
    assert program.main() == 130
    assert capsys.readouterr().err == "demo: interrupted; everything is stopped\n"


def test_a_fault_of_the_demo_itself_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "run", ending_with(KeyError("a mistake")))
    with pytest.raises(KeyError):
        program.main()


def test_a_termination_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> NoReturn:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("not reached")

    monkeypatch.setattr(program, "run", run)
    assert program.main() == 130
