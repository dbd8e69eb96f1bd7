"""Time spent waiting for somebody, as a total that grows while the wait goes on. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType


class WaitClock:
    """Milliseconds in which at least one waited: `with clock: ...`.

    Entered and left on one thread, read on any: what there is to read is one tuple, replaced as a whole.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        #: Seconds of waits that have ended, how many wait now, and since when somebody does.
        self._state = (0.0, 0, 0.0)

    def __enter__(self) -> None:
        ended_s, waiting, since_s = self._state
        self._state = (ended_s, waiting + 1, since_s if waiting else self._monotonic_s())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended_s, waiting, since_s = self._state
        if waiting == 1:
            ended_s += self._monotonic_s() - since_s
        self._state = (ended_s, waiting - 1, since_s)

    def total_ms(self) -> int:
        """All waits so far, the one that goes on included."""
        ended_s, waiting, since_s = self._state
        return int(1000 * (ended_s + (self._monotonic_s() - since_s if waiting else 0.0)))
