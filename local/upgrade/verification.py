"""Whether a job that was just started is sound: it has read something, and completed a checkpoint that began later.

A checkpoint alone proves little: one that completes before the first message would prove a build that fails at every
message. Behind a checkpoint that began later, what was read before is processed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Failures of a job that has proven nothing yet: it will not get over them by itself.
MOST_FAILURES: Final = 3
#: Collectors send a heartbeat every 15 s. Where nothing comes for so long, there is nothing to read.
SILENCE_MS: Final = 40_000
#: A checkpoint that was asked for may be refused while tasks start.
ASK_AGAIN_MS: Final = 5_000


class Crashing(RuntimeError):
    """A job fails again and again; the message is its last exception."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What Flink says of a job at one moment; times in epoch milliseconds."""

    now_ms: int
    #: Every task runs.
    running: bool
    #: Since it was submitted.
    failures: int
    #: By the tasks that run now.
    messages_read: int
    #: When the newest complete checkpoint began; 0 before the first.
    checkpoint_ms: int


class Verification:
    """Follows a job from its submission on."""

    def __init__(self) -> None:
        self._failures = 0
        self._running_since_ms: int | None = None
        self._read_ms: int | None = None
        self._asked_ms = 0

    def sound(self, seen: Observation) -> bool:
        """Whether it is proven now."""
        if not seen.running or seen.failures > self._failures:
            self._running_since_ms = self._read_ms = None
        self._failures = seen.failures
        if not seen.running:
            return False
        if self._running_since_ms is None:
            self._running_since_ms = seen.now_ms
        if self._read_ms is None and (seen.messages_read or seen.now_ms - self._running_since_ms > SILENCE_MS):
            self._read_ms = seen.now_ms
        return self._read_ms is not None and seen.checkpoint_ms > self._read_ms

    @property
    def crashing(self) -> bool:
        """Whether it has failed too often to go on waiting."""
        return self._failures >= MOST_FAILURES

    def asks(self, now_ms: int) -> bool:
        """Whether to ask for a checkpoint now, however long the interval is; says so once in a while."""
        if self._read_ms is None or now_ms - self._asked_ms < ASK_AGAIN_MS:
            return False
        self._asked_ms = now_ms
        return True
