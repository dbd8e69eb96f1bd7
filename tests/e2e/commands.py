"""Operators' commands, run as an operator does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.settings import ROOT
from local.stack import Stack
from tests.e2e.bill import moment
from tests.e2e.waiting import DEADLINE_S


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended."""

    status: int
    lines: list[str]
    errors: str

    def of(self, *names: str) -> list[str]:
        """Lines that name one of these: the shared stack has more to tell than a test has done."""
        return [line for line in self.lines if any(name in line for name in names)]


def run(stack: Stack, module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Done:
    """Run `python -m <module>` with the stack's variables, and more or others."""
    # A JVM that is told something by this variable says so among the errors.
    own = {name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**own, **stack.environ, **(environ or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return Done(status=done.returncode, lines=done.stdout.splitlines(), errors=done.stderr)


def hour(epoch_ms: int) -> str:
    """An hour as commands spell it."""
    return f"{moment(epoch_ms):%Y-%m-%dT%H}"
