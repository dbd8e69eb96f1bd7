"""Growing totals as Flink counters.

Never a Python gauge: in thread mode Flink's metrics thread then calls into the interpreter while the task's Python may
be closing, and the JVM dies in `take_gil` (seen: SIGSEGV of TaskManagers within minutes). A counter is a Java object
that only the task's own thread touches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Totals:
    """Counters that follow totals kept in Python; `export()` is to be called on the task's thread."""

    def __init__(self, metrics: Any, totals: Mapping[str, Callable[[], int]]) -> None:
        self._followed = [(metrics.counter(name), read) for name, read in totals.items()]
        self._exported = [0] * len(self._followed)

    def export(self) -> None:
        """Bring every counter up to its total."""
        for index, (counter, read) in enumerate(self._followed):
            total = read()
            if total != self._exported[index]:
                counter.inc(total - self._exported[index])
                self._exported[index] = total
