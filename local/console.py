"""The usage console of the stack, open to this machine."""

from __future__ import annotations

import sys

from local import environment
from local.ports import LOOPBACK, require_free
from local.probe import answers
from local.process import Child, Spec, find, start, stop, wait_ready
from local.settings import ROOT, Settings

NAME = "console"
_START_SECONDS = 30


def url(settings: Settings) -> str:
    """Where to open it."""
    return f"http://{LOOPBACK}:{settings.ports.console}"


def launch(settings: Settings) -> Child:
    """Start the console and wait until it answers from the database.

    Raises:
        PortInUse: its port is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    require_free({"usage console": settings.ports.console})
    variables = {
        **environment.variables(settings),
        "CONSOLE_AUTH": "none",
        "CONSOLE_HOST": LOOPBACK,
        "CONSOLE_PORT": str(settings.ports.console),
    }
    argv = [sys.executable, "-m", "console"]
    spec = Spec(name=NAME, state=settings.state, argv=argv, env=variables, cwd=ROOT)
    child = start(spec)
    wait_ready(
        child, lambda: answers(settings.ports.console, "/readyz"), timeout=_START_SECONDS, log_file=spec.log_file
    )
    return child


def halt(settings: Settings) -> None:
    """Stop the console."""
    stop(settings.state, NAME)


def running(settings: Settings) -> bool:
    """Whether its process runs."""
    return find(settings.state, NAME) is not None
