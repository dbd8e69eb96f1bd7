"""Awaiting what another process will do: by condition, with a deadline, never for a fixed time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from local import waiting

T = TypeVar("T")

#: Far above what anything takes on two idle cores: a deadline is there to end a test, not to judge speed.
DEADLINE_S = 180.0


def until(condition: Callable[[], T], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true value of `condition`. Raises TimeoutError, with the last value."""
    return waiting.until(condition, what, deadline_s)
