"""Stops a stack when the process that it was started for is gone.

A test run or demo that is killed cannot clean up after itself; a process in a session of its own (local/watch.py) does.
"""

from __future__ import annotations

import os
import sys

from local.process import Child, Spec, start
from local.settings import ROOT, Settings

NAME = "watchdog"


def launch(settings: Settings) -> Child:
    """Watch over the calling process on behalf of this stack."""
    argv = [sys.executable, "-m", "local.watch", str(settings.state), str(os.getpid())]
    return start(Spec(name=NAME, state=settings.state, argv=argv, cwd=ROOT))
