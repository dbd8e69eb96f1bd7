"""The lanes of `make test`."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Final

from local.settings import ROOT

#: Run by targets of their own.
_DRILLS: Final = "tests/drills"
_TESTS: Final = re.compile(r"-m pytest +((?:tests/\S+ )+)2>&1")


def lanes() -> list[str]:
    """The folders that each process of `make test` is given, in one list."""
    outside = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}  # this may be run by make
    command = ("make", "-n", "test")
    dry = subprocess.run(command, cwd=ROOT, env=outside, check=True, capture_output=True, text=True)
    return [folder for found in _TESTS.findall(dry.stdout) for folder in found.split()]


def test_every_test_is_run_by_one_lane() -> None:
    run = [test for folder in lanes() for test in (ROOT / folder).rglob("test_*.py")]
    everyday = [test for test in (ROOT / "tests").rglob("test_*.py") if not test.is_relative_to(ROOT / _DRILLS)]
    assert sorted(run) == sorted(everyday)
