"""How a program ends: its status, and one line instead of a traceback for what has an explanation."""

from __future__ import annotations

import signal
import subprocess
from typing import NoReturn

import pytest

from local import program
from local.commands import CommandFailed
from local.flink_jobs import JobEnded, SavepointFailed, SubmitFailed
from local.ports import PortInUse
from local.process import StartFailed
from local.settings import InvalidSetting
from local.stack import AlreadyRunning
from local.traffic.post import Refused
from tests.support.program import ending_with


class OwnError(Exception):
    """What only this program explains."""


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_is_that_of_the_work(status: int) -> None:
    assert program.run("drill", ending_with(status)) == status


@pytest.mark.parametrize(
    "error",
    [
        *(AlreadyRunning, CommandFailed, ConnectionError, InvalidSetting, JobEnded, PortInUse, Refused),
        *(StartFailed, SavepointFailed, SubmitFailed, TimeoutError, OwnError),
    ],
)
@pytest.mark.parametrize("grouped", [False, True])
def test_what_has_an_explanation_is_one_line(
    capsys: pytest.CaptureFixture[str], error: type[Exception], grouped: bool
) -> None:
    failure = error("the reason")
    work = ending_with(ExceptionGroup("tasks", [failure]) if grouped else failure)
    assert program.run("drill", work, OwnError) == 1
    assert capsys.readouterr().err == "drill: the reason\n"


def test_a_command_that_takes_too_long_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run("drill", ending_with(subprocess.TimeoutExpired("flink", 60))) == 1
    assert capsys.readouterr().err == "drill: Command 'flink' timed out after 60 seconds\n"


@pytest.mark.parametrize(
    "failure",
    [
        KeyError("a mistake"),
        OwnError("of another program"),
        ExceptionGroup("tasks", [KeyError("a mistake")]),
        ExceptionGroup("tasks", [StartFailed("explained"), KeyError("and a mistake beside it")]),
    ],
)
def test_a_fault_of_the_program_itself_shows_its_traceback(failure: Exception) -> None:
    with pytest.raises(type(failure)):
        program.run("drill", ending_with(failure))


def test_an_interruption_has_the_status_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run("drill", ending_with(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "drill: interrupted; everything is stopped\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_an_interruption_although_the_shell_ignores_it(number: signal.Signals) -> None:
    def work() -> NoReturn:
        signal.raise_signal(number)
        raise AssertionError("not reached")

    signal.signal(number, signal.SIG_IGN)
    assert program.run("drill", work) == 130
