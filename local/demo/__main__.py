"""`python -m local.demo`: see local/demo/run.py."""

from __future__ import annotations

import sys

from local import program
from local.demo.feed import FeedDied
from local.demo.outage import NoRecovery
from local.demo.platform import Failed, beside
from local.demo.run import run
from local.settings import from_environment


def main() -> int:
    """Run the demo; an interruption or a failure leaves no process behind either."""
    return program.run("demo", lambda: run(beside(from_environment())), Failed, NoRecovery, FeedDied)


if __name__ == "__main__":
    sys.exit(main())
