"""Awaiting what another process will do: by condition, with a deadline, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_POLL_SECONDS: Final = 0.25


def until(ask: Callable[[], T], what: str, seconds: float, holds: Callable[[T], object] = bool) -> T:
    """The first answer that `holds`: by default, that is true. Raises TimeoutError, with the last answer."""
    deadline = time.monotonic() + seconds
    while not holds(answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}: still {answer}")
        time.sleep(_POLL_SECONDS)
    return answer
