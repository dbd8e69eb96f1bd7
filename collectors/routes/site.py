"""Where HTTP listens, and what bounds its connections.

aiohttp bounds what a header holds (8 KiB a line, 128 lines) and closes a connection that has had no complete header
for `keepalive_timeout` seconds since its last answer. That time must be long, for senders that keep a connection
open; a connection that has never sent a header has less. aiohttp has no limit of connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from collectors.trust.tls import HANDSHAKE_TIMEOUT_S, ServerTls

#: Seconds in which a connection that was turned away can read why.
_FAREWELL_S: Final = 2.0
#: Connections that may be in the course of being turned away; more are closed without a word.
_MAX_FAREWELLS: Final = 200
_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n\r\ntoo many open connections\n"
)


@dataclass(kw_only=True)
class FirstHeaders:
    """Connections that have not sent a complete header yet. `on_refused` is called for one that takes too long."""

    timeout_s: float
    on_refused: Callable[[str], None]
    _waiting: dict[web.RequestHandler, asyncio.TimerHandle] = field(default_factory=dict)

    def expect(self, connection: web.RequestHandler) -> None:
        """Close the connection unless a header arrives in time."""
        loop = asyncio.get_running_loop()
        self._waiting[connection] = loop.call_later(self.timeout_s, self._give_up, connection)

    def forget(self, connection: web.RequestHandler) -> None:
        """A request has begun on this connection, or it has gone."""
        timer = self._waiting.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self, connection: web.RequestHandler) -> None:
        del self._waiting[connection]
        self.on_refused("slow-header")
        connection.force_close()


FIRST_HEADERS: Final = web.AppKey("first_headers", FirstHeaders)


@web.middleware
async def note_header(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the site know that a header is complete."""
    first_headers = request.app.get(FIRST_HEADERS)
    if first_headers is not None:
        first_headers.forget(request.protocol)
    return await handler(request)


class HttpSite(web.BaseSite):
    """Serves an application on one address; set FIRST_HEADERS in the application before its runner's setup."""

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        *,
        first_headers: FirstHeaders,
        max_connections: int,
        tls: ServerTls | None = None,
    ) -> None:
        super().__init__(runner)
        self._host = host
        self._port = port
        self._first_headers = first_headers
        self._max_connections = max_connections
        self._tls = tls
        self._farewells: set[_TurnedAway] = set()

    @property
    def name(self) -> str:
        """Its address, as aiohttp wants to know it."""
        return f"{'http' if self._tls is None else 'https'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            self._new_connection,
            self._host,
            self._port,
            ssl=None if self._tls is None else self._tls.context,
            ssl_handshake_timeout=None if self._tls is None else HANDSHAKE_TIMEOUT_S,
        )

    def _new_connection(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        if len(server.connections) >= self._max_connections:
            self._first_headers.on_refused("too-many")
            return _TurnedAway(self._farewells)
        return _Watched(server(), self._first_headers)


class _Watched(asyncio.Protocol):
    """A connection of aiohttp, its first header expected from when it is open, TLS included, to its end."""

    def __init__(self, connection: web.RequestHandler, first_headers: FirstHeaders) -> None:
        self._connection = connection
        self._first_headers = first_headers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.connection_made(transport)
        self._first_headers.expect(self._connection)

    def data_received(self, data: bytes) -> None:
        self._connection.data_received(data)

    def eof_received(self) -> None:
        self._connection.eof_received()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._first_headers.forget(self._connection)
        self._connection.connection_lost(exc)


class _TurnedAway(asyncio.Protocol):
    """Answers whatever comes with 503, and closes."""

    def __init__(self, others: set[_TurnedAway]) -> None:
        self._others = others
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request: a client may not listen before it has asked."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's is no asyncio.Transport by type
        if len(self._others) >= _MAX_FAREWELLS:
            self._abort()
            return
        self._others.add(self)
        asyncio.get_running_loop().call_later(_FAREWELL_S, self._abort)

    def data_received(self, data: bytes) -> None:
        """Answer the first bytes; the rest is read, so that the answer is not lost in a reset."""
        del data
        if self._transport is not None and self in self._others:
            self._others.discard(self)
            self._transport.write(_TOO_MANY)
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._others.discard(self)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
