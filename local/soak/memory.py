"""Resident memory of a process, everything in it included: the JVM, the interpreter inside it, RocksDB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_RSS: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


def rss_bytes(pid: int) -> int:
    """VmRSS of proc_pid_status(5). Raises LookupError if the process is gone."""
    try:
        found = _RSS.search(Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        found = None
    if found is None:
        raise LookupError(f"process {pid} is gone")
    return int(found[1]) * 1024
