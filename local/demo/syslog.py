"""A syslog sender that knows what has arrived: syslog acknowledges nothing, so the collector's metrics are asked."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import Final

import aiohttp

from local.traffic.events import Cdn

_ACKNOWLEDGED: Final = re.compile(rf'^collector_lines_total{{source="{Cdn.FASTLY}"}} (\S+)$', re.MULTILINE)
_POLL_SECONDS: Final = 0.03
_DEADLINE_SECONDS: Final = 120.0


class Syslog:
    """One TCP connection to one collector."""

    def __init__(self, session: aiohttp.ClientSession, http_url: str, host: str, port: int) -> None:
        self._session = session
        self._http_url = http_url
        self._host, self._port = host, port
        self._writer: asyncio.StreamWriter | None = None
        self._sent = 0
        self._known = 0

    async def connect(self) -> None:
        """Open the connection. Raises OSError."""
        _, self._writer = await asyncio.open_connection(self._host, self._port)

    async def send(self, body: bytes, lines: int) -> None:
        """Send framed lines, as fast as the collector reads."""
        if self._writer is None:
            raise RuntimeError("not connected")
        self._writer.write(body)
        await self._writer.drain()
        self._sent += lines

    async def acknowledged(self) -> None:
        """Wait until Kafka has acknowledged every line sent so far. Raises TimeoutError."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while self._known < self._sent:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self._http_url} has {self._known} of {self._sent} syslog lines after {_DEADLINE_SECONDS} s"
                )
            await asyncio.sleep(_POLL_SECONDS)
            self._known = await self._ask()

    async def close(self) -> None:
        """Close the connection, if it is open; one that the collector has closed is no error any more."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _ask(self) -> int:
        async with self._session.get(f"{self._http_url}/metrics") as response:
            response.raise_for_status()
            found = _ACKNOWLEDGED.search(await response.text())
        return int(float(found[1])) if found else 0
