"""What a watchdog runs: `python -m local.watch STATE PID`. See local/watchdog.py."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from local import postgres
from local.settings import Settings
from local.stack import Stack


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
    state, pid = Path(arguments[0]), int(arguments[1])
    wait_gone(pid)
    if (settings := Settings.load(state)) is not None:
        Stack(settings).down()
        postgres.remove_data(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
