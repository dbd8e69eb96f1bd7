"""Finishing the requests in progress before the server closes.

aiohttp's own shutdown ignores whatever still arrives on open connections, so a delivery whose body is under way would
hang until it is cut off. This lets every begun request come to its answer first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler


class Drain:
    """Counts requests in progress, and waits for the last of them."""

    def __init__(self) -> None:
        self.is_draining = False
        self._in_progress = 0
        self._idle = asyncio.Event()

    async def finish(self, timeout_s: float) -> None:
        """Return once no request is in progress, at the latest after `timeout_s` seconds.

        From now on every answer closes its connection: senders that keep theirs open go to another collector.
        """
        self.is_draining = True
        try:
            async with asyncio.timeout(timeout_s):
                while self._in_progress:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            return

    @contextmanager
    def request(self) -> Iterator[None]:
        """The time of one request, up to its answer."""
        self._in_progress += 1
        try:
            yield
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._idle.set()


DRAIN: Final = web.AppKey("drain", Drain)


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the drain know of every request."""
    drain = request.app[DRAIN]
    with drain.request():
        response = await handler(request)
        if drain.is_draining:
            response.force_close()
        return response
