"""Operators' commands, run on the stack as an operator runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Container, Mapping

from local.settings import ROOT


class CommandFailed(RuntimeError):
    """A command ended with a status that means failure; the message quotes what it printed."""


def run(
    environ: Mapping[str, str], module: str, *arguments: str, timeout: float, accepted: Container[int] = (0,)
) -> str:
    """Run `python -m module arguments` with the stack's variables and return what it printed.

    Raises CommandFailed for a status that is not accepted, subprocess.TimeoutExpired after `timeout` seconds.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode not in accepted:
        raise CommandFailed(f"{module} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
