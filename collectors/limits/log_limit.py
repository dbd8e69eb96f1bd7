"""Log lines that anybody can cause, bounded: a scan of our ports must not fill the disk.

Every kind of line comes through a few times a minute; the next one tells how many did not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PERIOD_S: Final = 60.0
_LINES: Final = 20
#: Kinds that are told apart: places in the code times sources, so there are few. With more, counting starts anew.
_MAX_KINDS: Final = 1_000


@dataclass
class _Kind:
    began_s: float
    lines: int = 0


class LogLimit(logging.Filter):
    """For a handler. Lines of one place in the code and one first argument, the source, are of one kind."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, int, object], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is one of the first of its kind in this minute."""
        kind = self._kind(record)
        now = self._clock()
        if now - kind.began_s >= _PERIOD_S:
            left_out = kind.lines - _LINES
            if left_out > 0:
                record.msg, record.args = f"{record.getMessage()} ({left_out} more like it were left out)", ()
            kind.began_s, kind.lines = now, 0
        kind.lines += 1
        return kind.lines <= _LINES

    def _kind(self, record: logging.LogRecord) -> _Kind:
        first = record.args[0] if isinstance(record.args, tuple) and record.args else None
        key = (record.pathname, record.lineno, first if isinstance(first, str) else None)
        if key not in self._kinds and len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
        return self._kinds.setdefault(key, _Kind(self._clock()))
