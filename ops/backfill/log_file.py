"""A file of log lines, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class NoFiles(ValueError):
    """There is nothing where the operator points; the message says where."""


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """One file. `size` is in bytes, as stored; `read` gives all of them and raises OSError."""

    name: str
    size: int
    read: Callable[[], bytes]
