"""An operator's command is run with the stack's variables, and what it complains of is passed on."""

from __future__ import annotations

import subprocess

import pytest

from local import commands


def test_what_a_command_prints_is_returned() -> None:
    assert commands.run({}, "json.tool", "--help", timeout=60).startswith("usage: ")


def test_the_variables_reach_the_command() -> None:
    statement = "import os; print(os.environ['FLINK_RUN'])"
    printed = commands.run({"FLINK_RUN": "flink run"}, "timeit", "-n1", "-r1", statement, timeout=60)
    assert printed.startswith("flink run\n")


def test_a_command_that_fails_is_quoted() -> None:
    with pytest.raises(commands.CommandFailed, match=r"(?s)json.tool ended with 2:.*unrecognized arguments"):
        commands.run({}, "json.tool", "--no-such-option", timeout=60)


def test_a_status_that_says_something_is_no_failure() -> None:
    assert commands.run({}, "json.tool", "--no-such-option", timeout=60, accepted=(0, 2)) == ""


def test_a_command_that_does_not_end_is_given_up() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run({}, "http.server", "0", "--bind", "127.0.0.1", timeout=0.5)
