"""How fast a source may send: a bucket of lines and one of bytes, each refilled at its rate.

A delivery's size is known only once it has been read, so it is never cut: it is accepted while nothing is owed, and
what it was is owed afterwards. A source that sends evenly below its rates never owes for longer than a second's worth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

#: Seconds of its rate that a source may send at once: deliveries come in lumps.
_BURST_S: Final = 10.0


@dataclass
class _Bucket:
    """Counts down what was sent and up with time. `per_s` of None never runs out."""

    per_s: float | None
    left: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.left = self._full

    @property
    def _full(self) -> float:
        return (self.per_s or 0.0) * _BURST_S

    def pay(self, amount: int, now_s: float) -> None:
        if self.per_s is not None:
            self.left = min(self._full, self.left + (now_s - self.at_s) * self.per_s) - amount
            self.at_s = now_s

    def wait_s(self, now_s: float) -> float:
        if self.per_s is None:
            return 0.0
        return max(0.0, -self.left / self.per_s - (now_s - self.at_s))


class Pace:
    """The rate limit of one source. `clock` counts seconds and never goes back."""

    def __init__(
        self,
        *,
        max_lines_per_s: float | None = None,
        max_bytes_per_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lines = _Bucket(max_lines_per_s)
        self._bytes = _Bucket(max_bytes_per_s)
        self._clock = clock
        #: Whether there is any limit; where there is none, counting can be left out.
        self.is_limited = max_lines_per_s is not None or max_bytes_per_s is not None

    def pay(self, *, lines: int, size: int) -> None:
        """Count what was accepted; `size` in bytes."""
        if self.is_limited:
            now = self._clock()
            self._lines.pay(lines, now)
            self._bytes.pay(size, now)

    def wait_s(self) -> float:
        """Seconds until the source may send again; 0 if it may now."""
        if not self.is_limited:
            return 0.0
        now = self._clock()
        return max(self._lines.wait_s(now), self._bytes.wait_s(now))
