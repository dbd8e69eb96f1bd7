"""Syslog over TCP (RFC 6587) and TLS (RFC 5425): the listener of one source, and its connections."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final, cast

from collectors.limits.budget import OutOfMemoryBudget
from collectors.listeners import SyslogEndpoint
from collectors.sources import Source
from collectors.syslog.flow import Flow
from collectors.syslog.frames import FrameDecoder
from collectors.syslog.line_tokens import LineTokens, Unauthorized
from collectors.syslog.surroundings import Surroundings
from collectors.trust.tls import HANDSHAKE_TIMEOUT_S, ServerTls, client_certificate
from schemas.batch import LINE_MAX_BYTES

log = logging.getLogger(__name__)

#: The longest line, and room for header and token before it.
FRAME_MAX_BYTES: Final = LINE_MAX_BYTES + 16 * 1024
#: Seconds that a listener which is told to stop goes on reading what its senders have sent already.
_LAST_READ_S: Final = 0.5
_TURN_S: Final = 0.01
#: A sender that vanished without a word frees its place after two minutes: seconds until asked, between, times.
_KEEPALIVE: Final = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 20), (socket.TCP_KEEPCNT, 3))


class StreamListener:
    """Reads connections no faster than their lines can go. Raises InvalidTls.

    `tls` is set where the endpoint is one of TLS, for its certificate to be reloaded.
    """

    def __init__(self, source: Source, endpoint: SyslogEndpoint, surroundings: Surroundings) -> None:
        self.source = source
        self.endpoint = endpoint
        self.metrics = surroundings.metrics
        self.memory = surroundings.memory
        self.connections: set[StreamConnection] = set()
        self.flow = Flow(source, surroundings, on_open=self._resume)
        self.tls = self._new_tls()
        self.received_bytes = 0
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the listener is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        endpoint = self.endpoint
        self._server = await asyncio.get_running_loop().create_server(
            lambda: StreamConnection(self),
            endpoint.host,
            endpoint.port,
            ssl=None if self.tls is None else self.tls.context,
            ssl_handshake_timeout=None if self.tls is None else HANDSHAKE_TIMEOUT_S,
        )
        log.info("source %s: syslog over %s on port %d", self.source.id, endpoint.transport, self.port)

    async def stop(self, timeout_s: float) -> None:
        """Stop accepting, read what has been sent already, then publish every line that has been read."""
        if self._server is not None:
            self._server.close()
        await self._read_out()
        for connection in list(self.connections):
            connection.close()
        await self.flow.drain(timeout_s)

    def pause_if_blocked(self) -> None:
        """Stop reading all connections while their lines cannot go on."""
        if self.flow.blocked() is not None:
            for connection in self.connections:
                connection.pause()

    def refuse(self, reason: str) -> None:
        """Count a connection of which nothing was taken."""
        self.metrics.refused_connections.labels(self.source.id, reason).inc()
        log.warning("source %s: refused a syslog connection: %s", self.source.id, reason)

    def count_bad_frame(self, reason: str) -> None:
        self.metrics.syslog_bad_frames.labels(self.source.id, reason).inc()

    def _resume(self) -> None:
        for connection in self.connections:
            connection.resume()

    async def _read_out(self) -> None:
        """A connection that is closed with unread bytes is reset, and they are lost without a trace."""
        before = -1
        rounds = int(_LAST_READ_S / _TURN_S)
        while rounds and self.connections and before != self.received_bytes:
            before = self.received_bytes
            rounds -= 1
            await asyncio.sleep(_TURN_S)

    def _new_tls(self) -> ServerTls | None:
        files = self.endpoint.tls
        if files is None:
            return None
        return ServerTls(files, requires_client=self.source.credentials.ask_for_certificate)


class StreamConnection(asyncio.Protocol):
    """One sender. Bytes become lines of the buffer as they arrive, so nothing waits unseen when it ends."""

    def __init__(self, listener: StreamListener) -> None:
        self._listener = listener
        self._source_id = listener.source.id
        self._frames = FrameDecoder(FRAME_MAX_BYTES)
        self._tokens = LineTokens(listener.source.credentials)
        self._transport: asyncio.Transport | None = None
        self._is_paused = False
        #: Bytes of the unfinished frame that are counted in memory.
        self._held = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender has connected."""
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        reason = self._objection(transport)
        if reason is not None:
            self._listener.refuse(reason)
            self._transport.abort()
            return
        _keep_alive(transport)
        self._listener.connections.add(self)
        self._listener.metrics.syslog_connections.labels(self._source_id).inc()
        # Not now: uvloop starts reading after this call.
        asyncio.get_running_loop().call_soon(self._listener.pause_if_blocked)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        if self not in self._listener.connections:
            return
        self._listener.received_bytes += len(data)
        try:
            self._take(self._frames.feed(data))
            self._hold(self._frames.pending_bytes)
        except Unauthorized as error:
            self._give_up("unauthorized", error)
        except OutOfMemoryBudget as error:
            self._give_up("no-room", error)
        self._listener.pause_if_blocked()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, by either side; a frame that is not complete is lost with it."""
        if self not in self._listener.connections:
            return
        if exc is not None:
            log.info("source %s: a syslog connection broke: %s", self._source_id, type(exc).__name__)
        self._leave()

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._is_paused and not self._transport.is_closing():
            self._transport.pause_reading()
            self._is_paused = True

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and self._is_paused and not self._transport.is_closing():
            self._transport.resume_reading()
            self._is_paused = False

    def close(self) -> None:
        """End the connection; over TLS with a close_notify (RFC 5425 section 4.4)."""
        if self._transport is not None:
            self._transport.close()

    def _objection(self, transport: asyncio.BaseTransport) -> str | None:
        """Why this sender is not listened to."""
        endpoint, credentials = self._listener.endpoint, self._listener.source.credentials
        if len(self._listener.connections) >= endpoint.max_connections:
            return "too-many"
        if endpoint.allow_from and not endpoint.allow_from.allow(transport.get_extra_info("peername")[0]):
            return "address"
        if credentials.ask_for_certificate:
            shown = client_certificate(transport)
            if shown is None or not credentials.accept_certificate(shown):
                return "certificate"
        return None

    def _take(self, frames: list[bytes]) -> None:
        lines: list[bytes] = []
        try:
            for frame in frames:
                self._add_line(frame, lines)
        finally:
            # Those before a message without a token were sent with one.
            self._listener.flow.take(lines)

    def _add_line(self, frame: bytes, lines: list[bytes]) -> None:
        try:
            line = self._tokens.line_of(frame)
        except Unauthorized:
            if not self._tokens.is_proven:
                raise
            # The second half of a line that was cut in two, most likely: it costs no other.
            self._listener.count_bad_frame("unauthorized")
            return
        if len(frame) > FRAME_MAX_BYTES:
            self._listener.count_bad_frame("too-long")
            # It becomes a reject, and thus is accounted for; less than that could be taken for a good line.
            if len(line) <= LINE_MAX_BYTES:
                return
        lines.append(line)

    def _hold(self, size: int) -> None:
        change, self._held = size - self._held, size
        self._listener.memory.resize_frame(change)

    def _give_up(self, reason: str, error: Exception) -> None:
        """Close the connection and take nothing more of it."""
        log.warning("source %s: closing a syslog connection: %s", self._source_id, error)
        self._listener.count_bad_frame(reason)
        self._leave()
        self.close()

    def _leave(self) -> None:
        listener = self._listener
        if not self._frames.is_between_frames:
            listener.count_bad_frame("cut-off")
        self._hold(0)
        listener.connections.discard(self)
        listener.metrics.syslog_connections.labels(self._source_id).dec()


def _keep_alive(transport: asyncio.BaseTransport) -> None:
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
