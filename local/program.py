"""How a program on a local stack ends: with an exit status, and one line for what has an explanation."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from local.commands import CommandFailed
from local.failures import first_of
from local.flink_jobs import JobEnded, SavepointFailed, SubmitFailed
from local.ports import PortInUse
from local.process import StartFailed
from local.settings import InvalidSetting
from local.stack import AlreadyRunning
from local.traffic.post import Refused

#: What the message of explains, in whatever runs on a local stack.
_EXPLAINED: Final = (
    *(AlreadyRunning, CommandFailed, ConnectionError, InvalidSetting, JobEnded, PortInUse, Refused),
    *(StartFailed, SubmitFailed, SavepointFailed, TimeoutError, subprocess.TimeoutExpired),
)
#: As shells report a process that ended by SIGINT.
INTERRUPTED: Final = 130


def run(name: str, work: Callable[[], int], *explained: type[Exception]) -> int:
    """The exit status of `work`, which leaves no process behind however it ends.

    An exception of `explained`, or of those that the local stack raises, is one line on standard error and status 1,
    alone or in a group; any other is a fault of the program itself, and shows its traceback. SIGTERM interrupts as
    SIGINT does, and SIGINT does although a shell ignores it for what it runs in the background.
    """
    known: tuple[type[Exception], ...] = (*_EXPLAINED, *explained)
    logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s", stream=sys.stdout)
    logging.getLogger("local.stack").setLevel(logging.INFO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return work()
    except known as error:
        print(f"{name}: {error}", file=sys.stderr)
    except ExceptionGroup as failures:
        _, unexplained = failures.split(known)
        if unexplained is not None:
            raise
        print(f"{name}: {first_of(failures)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{name}: interrupted; everything is stopped", file=sys.stderr)
        return INTERRUPTED
    return 1
