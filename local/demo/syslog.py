"""A syslog sender that knows what has arrived: syslog acknowledges nothing, so the collector's metrics are asked."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import Final

import aiohttp

from local.demo.events import Cdn

_ACKNOWLEDGED: Final = re.compile(rf'^collector_lines_total{{source="{Cdn.FASTLY}"}} (\S+)$', re.MULTILINE)
_POLL_SECONDS: Final = 0.05
_DEADLINE_SECONDS: Final = 120.0


class Syslog:
    """One TCP connection to one collector."""

    def __init__(self, session: aiohttp.ClientSession, http_url: str, host: str, port: int) -> None:
        self._session = session
        self._http_url = http_url
        self._host, self._port = host, port
        self._writer: asyncio.StreamWriter | None = None
        self._sent = 0

    @property
    def sent(self) -> int:
        """Lines sent so far."""
        return self._sent

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

    async def acknowledged(self, lines: int) -> None:
        """Wait until Kafka has acknowledged so many lines in all. Raises TimeoutError."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while (known := await self._known()) < lines:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._http_url} has {known} of {lines} syslog lines after {_DEADLINE_SECONDS} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """Close the connection, if it is open; one that the collector has closed is no error any more."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _known(self) -> int:
        async with self._session.get(f"{self._http_url}/metrics") as response:
            response.raise_for_status()
            found = _ACKNOWLEDGED.search(await response.text())
        return int(float(found[1])) if found else 0
