"""The load: deliveries at a rate, each posted until it is acknowledged and only then accounted for."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from local.drill.account import Account, Delivery

#: Deliveries in flight at most: what a CDN would log beyond that is not made up at all, so that no backlog of the
#: drill's own outlasts a fault.
_IN_FLIGHT: Final = 48
#: Acknowledged deliveries that may be sent once more.
_REMEMBERED: Final = 60

Send = Callable[[Delivery], Awaitable[None]]


class Load:
    """Makes, sends and accounts for deliveries while it runs."""

    def __init__(self, make: Callable[[], Delivery], send: Send, account: Account) -> None:
        self._make = make
        self._send = send
        self._account = account
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._going = asyncio.Event()
        self._stopping = asyncio.Event()
        self._due = time.monotonic()
        self._lines_a_second = float("inf")
        self._sent: deque[Delivery] = deque(maxlen=_REMEMBERED)

    async def run(self) -> None:
        """Make deliveries until told to stop, and return when each is acknowledged; raises what `send` raises.

        It begins to when it is told to `go`.
        """
        async with asyncio.TaskGroup() as deliveries:
            while await self._may_go():
                await self._slots.acquire()
                delivery = await asyncio.to_thread(self._make)
                self._in_flight += 1
                deliveries.create_task(self._deliver(delivery))
                await self._pace(delivery.lines)

    def go(self, lines_a_second: float = float("inf")) -> None:
        """Make so many lines a second from now on; by default as many as the collectors take."""
        self._lines_a_second = lines_a_second
        self._going.set()

    async def pause(self) -> None:
        """Make nothing more for now, and return when everything is acknowledged."""
        self._going.clear()
        self._settle()
        await self._idle.wait()

    def stop(self) -> None:
        """Make nothing more."""
        self._stopping.set()
        self._going.set()

    def acknowledged(self, count: int, draw: random.Random) -> list[Delivery]:
        """Deliveries that were acknowledged lately, at most `count`, for sending once more."""
        return draw.sample(tuple(self._sent), min(count, len(self._sent)))

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._send(delivery)
            self._account.acknowledge(delivery)
            self._sent.append(delivery)
        finally:
            self._slots.release()
            self._in_flight -= 1
            self._settle()

    async def _may_go(self) -> bool:
        await self._going.wait()
        return not self._stopping.is_set()

    def _settle(self) -> None:
        if self._in_flight:
            self._idle.clear()
        else:
            self._idle.set()

    async def _pace(self, lines: int) -> None:
        """Wait until the next delivery is due. What could not be sent in time is not caught up with."""
        now = time.monotonic()
        self._due = max(self._due, now - 1) + lines / self._lines_a_second
        if self._due > now:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._due - now):
                    await self._stopping.wait()
