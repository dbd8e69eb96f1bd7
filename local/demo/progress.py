"""One line that says how far the simulated day has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

#: On a terminal the line is rewritten; in a log file it comes now and then.
_TERMINAL_SECONDS: Final = 0.5
_LOG_SECONDS: Final = 10.0


class Progress:
    """Shows simulated time, records and their rate since the start."""

    def __init__(self, out: TextIO = sys.stdout, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._began = now()
        self._shown = float("-inf")
        self._rewrites = out.isatty()
        self._line_is_open = False

    def show(self, clock_ms: int, records: int, *, finished: bool = False) -> None:
        """Show the state, unless the last time is too short ago."""
        seconds = _TERMINAL_SECONDS if self._rewrites else _LOG_SECONDS
        if not finished and self._now() - self._shown < seconds:
            return
        self._shown = self._now()
        moment = datetime.fromtimestamp(clock_ms // 1_000, UTC)
        rate = records / max(self._now() - self._began, 0.001)
        line = f"  {moment:%Y-%m-%d %H:%M} UTC  {records:>9,} records  {rate:>7,.0f}/s"
        self._line_is_open = self._rewrites and not finished
        start, end = "\r" if self._rewrites else "", "" if self._line_is_open else "\n"
        self._out.write(f"{start}{line}{end}")
        self._out.flush()

    def note(self, text: str) -> None:
        """Print a line of its own in between."""
        start = "\n" if self._line_is_open else ""
        self._line_is_open = False
        self._out.write(f"{start}{text}\n")
        self._out.flush()
