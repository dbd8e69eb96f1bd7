"""How often each token may ask the API."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from collectors.limits.pace import Pace


class RateLimit:
    """A bucket of requests a name. Names are those of the file of tokens, so there are no more than it has."""

    def __init__(self, requests_per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests_per_s = requests_per_s
        self._clock = clock
        self._paces: dict[str, Pace] = {}

    def wait_s(self, name: str) -> int:
        """Count a request, unless its sender has to wait: then for how many whole seconds."""
        pace = self._paces.setdefault(name, Pace(max_lines_per_s=self._requests_per_s, clock=self._clock))
        wait_s = math.ceil(pace.wait_s())
        if not wait_s:
            pace.pay(lines=1, size=0)
        return wait_s
