"""How far a long run is, said now and then, on standard error: the report alone is the output."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_EVERY_S = 5.0


class Progress:
    """Counts files and lines of one pass over all files."""

    def __init__(
        self, doing: str, files: int, stream: TextIO = sys.stderr, stopwatch: Callable[[], float] = time.monotonic
    ) -> None:
        self._doing, self._files, self._stream, self._stopwatch = doing, files, stream, stopwatch
        self._started = self._told_at = stopwatch()
        self._done = self._lines = 0

    def lines(self, count: int) -> None:
        """So many more lines."""
        self._lines += count
        self._tell()

    def file(self) -> None:
        """One more file is done."""
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        now = self._stopwatch()
        if now - self._told_at >= _EVERY_S:
            self._told_at = now
            rate = self._lines / (now - self._started)
            told = f"{self._doing}: {self._done:,} of {self._files:,} files, {self._lines:,} lines, {rate:,.0f}/s"
            print(told, file=self._stream, flush=True)
