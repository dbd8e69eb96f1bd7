"""TCP listener of one syslog source, and its connections."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from collectors.clock import Clock
from collectors.intake import Door
from collectors.metrics import Metrics
from collectors.sources import Source
from collectors.syslog.buffer import LineBuffer
from collectors.syslog.frames import FrameDecoder, FrameTooLong
from collectors.syslog.line_tokens import LineTokens, Unauthorized
from schemas.batch import LINE_MAX_BYTES

log = logging.getLogger(__name__)


class SyslogListener:
    """Reads connections no faster than Kafka takes their lines."""

    def __init__(
        self, source: Source, *, intake: Door, clock: Clock, metrics: Metrics, flush_interval_s: float
    ) -> None:
        self.source = source
        self.metrics = metrics
        self.connections: set[SyslogConnection] = set()
        self.buffer = LineBuffer(
            source,
            intake=intake,
            clock=clock,
            metrics=metrics,
            flush_interval_s=flush_interval_s,
            on_room=self._resume,
        )
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the listener is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken, ValueError if the source is none of syslog."""
        endpoint = self.source.syslog
        if endpoint is None:
            raise ValueError(f"source {self.source.id} is no syslog source")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SyslogConnection(self), endpoint.host, endpoint.port)
        log.info("source %s: syslog on %s port %d", self.source.id, endpoint.host, self.port)

    async def stop(self, timeout_s: float) -> None:
        """Stop accepting and reading, then publish every line that has been read."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()
        await self.buffer.drain(timeout_s)

    def pause_if_full(self) -> None:
        """Stop reading all connections while Kafka does not keep up."""
        if not self.buffer.has_room:
            for connection in self.connections:
                connection.pause()

    def _resume(self) -> None:
        for connection in self.connections:
            connection.resume()


class SyslogConnection(asyncio.Protocol):
    """One sender. Bytes become lines of the buffer as they arrive, so nothing waits unseen when it ends."""

    def __init__(self, listener: SyslogListener) -> None:
        self._listener = listener
        self._source_id = listener.source.id
        self._frames = FrameDecoder(LINE_MAX_BYTES)
        self._tokens = LineTokens(listener.source.credentials)
        self._transport: asyncio.Transport | None = None
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender has connected."""
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        self._listener.connections.add(self)
        self._listener.metrics.syslog_connections.labels(self._source_id).inc()
        # No pause here: uvloop starts reading after this call, so that the first bytes are what pauses.

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        try:
            self._take(self._frames.feed(data))
        except FrameTooLong as error:
            self._refuse("too-long", error, error.frames)
        except Unauthorized as error:
            self._refuse("unauthorized", error, [])
        self._listener.pause_if_full()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, by either side; a frame that is not complete is lost with it."""
        if exc is not None:
            log.info("source %s: a syslog connection broke: %s", self._source_id, exc)
        if self._frames.pending_bytes:
            self._count("cut-off")
        self._listener.connections.discard(self)
        self._listener.metrics.syslog_connections.labels(self._source_id).dec()

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
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def _take(self, frames: list[bytes]) -> None:
        self._listener.buffer.add([self._tokens.line_of(frame) for frame in frames])

    def _refuse(self, reason: str, error: Exception, frames: list[bytes]) -> None:
        """Close the connection; the frames before the bad one still count."""
        log.warning("source %s: closing a syslog connection: %s", self._source_id, error)
        self._count(reason)
        if frames:
            self._take(frames)
        self.close()

    def _count(self, reason: str) -> None:
        self._listener.metrics.syslog_bad_frames.labels(self._source_id, reason).inc()
