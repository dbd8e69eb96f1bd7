"""Operators' commands, run on the stack as an operator runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from local.settings import ROOT


class CommandFailed(RuntimeError):
    """A command ended with another status than 0; the message quotes what it printed."""


def run(environ: Mapping[str, str], module: str, *arguments: str, timeout: float) -> str:
    """Run `python -m module arguments` with the stack's variables and return what it printed.

    Raises CommandFailed, or subprocess.TimeoutExpired after `timeout` seconds.
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
    if done.returncode != 0:
        raise CommandFailed(f"{module} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
