"""Plays steps on the simulated clock: everything due is sent, and acknowledged, before the clock goes on.

Were it to go on earlier, a collector that gathers syslog lines for a while would take the later ones of a block for
events of the future: a block has one time of receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import repeat
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec

from local.clock import ClockFile
from local.demo.deliveries import STEP_MS, Delivery, Step
from local.demo.syslog import Syslog
from local.traffic.events import Cdn
from local.traffic.post import post

#: A collector reads its clock file at most every 50 ms; an event may be 5 minutes ahead of it, which is one step.
#: Steps that take longer than this keep every collector at most one step behind.
_LEAST_STEP_SECONDS: Final = 0.06


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where one collector listens."""

    http_url: str
    syslog_host: str
    syslog_port: int


class Player:
    """Sends to the collectors of `endpoints`, by their index; a context manager that owns the connections."""

    def __init__(self, endpoints: Sequence[Endpoint], clock: ClockFile) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._session = aiohttp.ClientSession()
        self._syslog = [
            Syslog(self._session, endpoint.http_url, endpoint.syslog_host, endpoint.syslog_port)
            for endpoint in endpoints
        ]
        #: Log lines sent so far, each counted once however often it was delivered.
        self.records = 0
        #: Deliveries that were sent again.
        self.copies = 0

    async def __aenter__(self) -> Self:
        try:
            for connection in self._syslog:
                await connection.connect()
        except OSError:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def play(self, step: Step) -> None:
        """Advance the clock and send what is due. Returns once it is acknowledged.

        Raises the first of the failures: Refused, TimeoutError, OSError.
        """
        try:
            await self._play(step)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _play(self, step: Step) -> None:
        leaps = step.clock_ms - self._clock.now_ms > STEP_MS
        self._clock.advance(step.clock_ms)
        if leaps:
            # What is late by the new time must not be taken for on time by a collector that has not looked yet.
            await asyncio.sleep(_LEAST_STEP_SECONDS)
        async with asyncio.TaskGroup() as sending:
            sending.create_task(asyncio.sleep(_LEAST_STEP_SECONDS))
            for delivery in step.deliveries:
                sending.create_task(self._send(delivery))
        await asyncio.gather(*(connection.acknowledged() for connection in self._syslog))

    async def _close(self) -> None:
        for connection in self._syslog:
            await connection.close()
        await self._session.close()

    async def _send(self, delivery: Delivery) -> None:
        if delivery.cdn is Cdn.FASTLY:
            await self._syslog[delivery.collector].send(delivery.wire.body, delivery.lines)
        else:
            url = f"{self._endpoints[delivery.collector].http_url}/v1/logs/{delivery.cdn.value}"
            await post(self._session, repeat(url), delivery.wire)
        self.copies += delivery.is_copy
        self.records += 0 if delivery.is_copy else delivery.lines
