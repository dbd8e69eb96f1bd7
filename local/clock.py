"""The simulated clock: a file that collectors follow (COLLECTOR_CLOCK=file:<path>)."""

from __future__ import annotations

from pathlib import Path


class ClockFile:
    """Writes epoch milliseconds so that no reader ever sees half a number. Only goes forward."""

    def __init__(self, path: Path, start_ms: int) -> None:
        self.path = path
        self.now_ms = start_ms
        self._write()

    def advance(self, to_ms: int) -> None:
        """Let the clock stand at this time. Raises ValueError if that is in its past."""
        if to_ms < self.now_ms:
            raise ValueError(f"the clock stands at {self.now_ms} and cannot go back to {to_ms}")
        self.now_ms = to_ms
        self._write()

    def _write(self) -> None:
        draft = self.path.with_suffix(".draft")
        draft.write_text(f"{self.now_ms}\n")
        draft.replace(self.path)
