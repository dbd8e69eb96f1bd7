"""How fast a syslog source is read: no faster than Kafka takes its lines, memory holds them, and its rate allows.

Syslog has no answer that could ask a sender to wait, but TCP passes on that nobody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Literal

from collectors.sources import Source
from collectors.syslog.buffer import LineBuffer
from collectors.syslog.surroundings import Surroundings

Blocked = Literal["no-room", "rate"]
_NO_ROOM: Final = "no-room"
_RATE: Final = "rate"


class Flow:
    """The lines of one source on their way into its buffer."""

    def __init__(self, source: Source, surroundings: Surroundings, *, on_open: Callable[[], None]) -> None:
        self._pace = source.pace
        self._memory = surroundings.memory
        self._on_open = on_open
        self._buffer = LineBuffer(source, surroundings, on_room=self._look_again)
        self._timer: asyncio.TimerHandle | None = None

    def take(self, lines: Sequence[bytes]) -> None:
        """Take lines. Never refuses: the caller asks `blocked` before it reads on."""
        if lines:
            self._buffer.add(lines)
            if self._pace.is_limited:
                self._pace.pay(lines=len(lines), size=sum(map(len, lines)))

    def blocked(self) -> Blocked | None:
        """Why nothing more should be read now; `on_open` is called once that has passed."""
        if not self._buffer.has_room:
            return _NO_ROOM
        if self._memory.is_full:
            self._memory.when_room(self._look_again)
            return _NO_ROOM
        wait_s = self._pace.wait_s()
        if wait_s:
            self._look_again_in(wait_s)
            return _RATE
        return None

    async def drain(self, timeout_s: float) -> None:
        """Publish what has been taken, as LineBuffer.drain does."""
        if self._timer is not None:
            self._timer.cancel()
        await self._buffer.drain(timeout_s)

    def _look_again_in(self, wait_s: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._wait_is_over)

    def _wait_is_over(self) -> None:
        self._timer = None
        self._look_again()

    def _look_again(self) -> None:
        if self.blocked() is None:
            self._on_open()
