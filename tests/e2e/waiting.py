"""Awaiting what another process will do: by condition, with a deadline, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Far above what anything takes on two idle cores: a deadline is there to end a test, not to judge speed.
DEADLINE_S = 180.0
_POLL_S = 0.25


def until(condition: Callable[[], T], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true value of `condition`. Raises TimeoutError, with the last value."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s:.0f} s for {what}: still {value!r}")
        time.sleep(_POLL_S)
    return value
