"""`python -m local.demo`: see local/demo/run.py."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys

from local.commands import CommandFailed
from local.demo.feed import FeedDied
from local.demo.outage import NoRecovery
from local.demo.platform import Failed, NotInTime, beside
from local.demo.run import run
from local.flink_jobs import JobEnded, SubmitFailed
from local.ports import PortInUse
from local.process import StartFailed
from local.settings import InvalidSetting, from_environment
from local.stack import AlreadyRunning
from local.traffic.post import Refused

#: What the message of explains; anything else is a fault of the demo itself, and shows its traceback.
_EXPLAINED = (
    *(Failed, CommandFailed, NotInTime, NoRecovery, Refused, FeedDied, TimeoutError, ConnectionError),
    *(AlreadyRunning, JobEnded, SubmitFailed, PortInUse, StartFailed, InvalidSetting, subprocess.TimeoutExpired),
)


def main() -> int:
    """Run the demo; an interruption or a failure leaves no process behind either."""
    logging.basicConfig(level=logging.WARNING, format="demo: %(message)s", stream=sys.stdout)
    logging.getLogger("local.stack").setLevel(logging.INFO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return run(beside(from_environment()))
    except _EXPLAINED as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; everything is stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
