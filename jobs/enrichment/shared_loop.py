"""The one background loop of a TaskManager, counted by its users.

A TaskManager may run `open()` of a restarted task before `close()` of the old one: the last to leave stops the loop.
"""

from __future__ import annotations

import threading
from typing import Final

from jobs.enrichment.resolver import BackgroundLoop


class SharedLoop:
    """Hands out one loop while anybody uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._loop: BackgroundLoop | None = None

    def acquire(self) -> BackgroundLoop:
        with self._lock:
            if self._loop is None:
                self._loop = BackgroundLoop()
            self._users += 1
            return self._loop

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._loop is not None:
                self._loop.stop()
                self._loop = None


SHARED_LOOP: Final = SharedLoop()
