"""CPU time and memory of a process with all its threads, from proc_pid_stat(5)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """CPU seconds, user and system, since the process started; bytes of memory that it holds now."""

    cpu_s: float
    resident_bytes: int


def usage(pid: int) -> Usage:
    """Of the process now. Raises FileNotFoundError if it is gone."""
    return parse(Path(f"/proc/{pid}/stat").read_text())


def parse(stat: str) -> Usage:
    """From the text of the file. Its second field, the name in parentheses, may hold anything."""
    fields = stat.rpartition(")")[2].split()
    user, system, pages = (int(fields[number - 3]) for number in (14, 15, 24))
    return Usage((user + system) / _TICKS_A_SECOND, pages * _PAGE_BYTES)
