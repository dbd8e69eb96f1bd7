"""Awaiting what another process will do: by condition, with a deadline, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_POLL_SECONDS: Final = 0.25


def until(condition: Callable[[], T], what: str, seconds: float) -> T:
    """The first true value of `condition`. Raises TimeoutError, with the last value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}: still {value!r}")
        time.sleep(_POLL_SECONDS)
    return value
