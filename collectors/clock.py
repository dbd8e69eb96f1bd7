"""The collector's clock, injected wherever time decides something; never goes backwards.

A heartbeat pushes the watermark of its partition to the collector's time, so a clock that stepped back would
date later batches before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

#: How long a value read from a clock file is taken for current, in seconds.
_REREAD_AFTER_S: Final = 0.05
_FILE_PREFIX: Final = "file:"


class Clock(Protocol):
    """Source of the current time."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; never less than the answer before."""
        ...


class SystemClock:
    """The machine's clock; a step backwards (NTP) is waited out at the highest time seen."""

    def __init__(self, time_ns: Callable[[], int] = time.time_ns) -> None:
        self._time_ns = time_ns
        self._highest_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        self._highest_ms = max(self._highest_ms, self._time_ns() // 1_000_000)
        return self._highest_ms


class FileClock:
    """A clock that another program turns by writing epoch milliseconds into a file.

    For demos and tests whose clock follows the data. The file is read again at most every 50 ms. Raises
    ValueError at creation if it holds no number; later an unreadable moment keeps the last value, because the
    writer may just be replacing it.
    """

    def __init__(self, path: Path, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._stopwatch = stopwatch
        self._highest_ms = int(path.read_text())
        self._read_at_s = stopwatch()

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, as the file says."""
        if self._stopwatch() - self._read_at_s >= _REREAD_AFTER_S:
            self._highest_ms = max(self._highest_ms, self._read())
            self._read_at_s = self._stopwatch()
        return self._highest_ms

    def _read(self) -> int:
        try:
            return int(self._path.read_text())
        except (OSError, ValueError):
            return self._highest_ms


def clock_from(setting: str) -> Clock:
    """The clock that a setting names: `system` or `file:<path>`. Raises ValueError or OSError."""
    if setting == "system":
        return SystemClock()
    if setting.startswith(_FILE_PREFIX):
        return FileClock(Path(setting.removeprefix(_FILE_PREFIX)))
    raise ValueError(f"{setting!r} is neither 'system' nor 'file:<path>'")
