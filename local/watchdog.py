"""Stops a stack when the process that it was started for is gone: `python -m local.watchdog STATE PID`.

A test run or demo that is killed cannot clean up after itself; this process, in a session of its own, does.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from local.process import Child, Spec, start
from local.settings import ROOT, Settings

NAME = "watchdog"


def launch(settings: Settings) -> Child:
    """Watch over the calling process on behalf of this stack."""
    argv = [sys.executable, "-m", "local.watchdog", str(settings.state), str(os.getpid())]
    return start(Spec(name=NAME, state=settings.state, argv=argv, cwd=ROOT))


def wait_gone(pid: int) -> None:
    """Wait until the process is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([descriptor], [], [])
    os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Wait for the process, then stop the stack and delete its Postgres data."""
    from local import postgres
    from local.stack import Stack  # imports this module

    state, pid = Path(arguments[0]), int(arguments[1])
    wait_gone(pid)
    if (settings := Settings.load(state)) is not None:
        Stack(settings).down()
        postgres.remove_data(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
