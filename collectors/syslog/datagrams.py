"""Syslog over UDP (RFC 5426): the listener of one source, one message a datagram.

Nothing is ever acknowledged or sent again, so what cannot be taken is lost, and all that can be done is to lose little
and to count it. While Kafka is slow nothing is read: the kernel keeps a few megabytes, and counts what does not fit.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import Final

from collectors.listeners import SyslogEndpoint
from collectors.sources import Source
from collectors.syslog.flow import Flow
from collectors.syslog.line_tokens import LineTokens, Unauthorized
from collectors.syslog.surroundings import Surroundings

log = logging.getLogger(__name__)

#: Bytes that the kernel is asked to keep for us; it gives at most net.core.rmem_max, of which a line takes about
#: twice its length.
_RECEIVE_BUFFER_BYTES: Final = 16 * 1024 * 1024
_DATAGRAM_MAX_BYTES: Final = 65_535
#: Datagrams read before others have their turn.
_DATAGRAMS_A_TURN: Final = 256
#: socket(7) SO_MEMINFO, which the module socket has no name for: nine 32-bit numbers about a socket's memory. The last
#: is the number of datagrams dropped since it was opened, the one that /proc/net/udp shows as `drops`.
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("9I")
_FRAME_ENDS: Final = b"\r\n\0"


class DatagramListener:
    """Reads datagrams while their lines can go on."""

    def __init__(self, source: Source, endpoint: SyslogEndpoint, surroundings: Surroundings) -> None:
        self.source = source
        self._endpoint = endpoint
        self._metrics = surroundings.metrics
        self._tokens = LineTokens(source.credentials)
        self._flow = Flow(source, surroundings, on_open=self._read_on)
        self._socket: socket.socket | None = None
        self._is_reading = False
        self._kernel_drops = 0
        # From zero on: an alert compares with what was before, and would not see a first loss otherwise.
        for reason in ("kernel", "rate", "address", "unauthorized"):
            self._count(reason, 0)

    @property
    def port(self) -> int:
        """The port that is listened on. Raises RuntimeError before `start`."""
        port: int = self._open_socket.getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        endpoint = self._endpoint
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = addresses[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        self._socket.bind(address)
        self._read_on()
        kept = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        log.info("source %s: syslog over udp on port %d, kernel buffer %d bytes", self.source.id, self.port, kept)

    async def stop(self, timeout_s: float) -> None:
        """Read what the kernel holds, then publish every line that has been read."""
        if self._socket is not None:
            while self._flow.blocked() is None and self._read_turn() == _DATAGRAMS_A_TURN:  # noqa: ASYNC110  # no wait
                await asyncio.sleep(0)
            self._pause()
            self.count_kernel_drops()
            self._socket.close()
            self._socket = None
        await self._flow.drain(timeout_s)

    def count_kernel_drops(self) -> None:
        """Bring the metric up to what the kernel has counted."""
        if self._socket is not None:
            drops = _MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1]
            # The kernel's number has 32 bits and starts anew.
            self._count("kernel", (drops - self._kernel_drops) % 2**32)
            self._kernel_drops = drops

    @property
    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("the listener is not started")
        return self._socket

    def _read_on(self) -> None:
        if self._socket is not None and not self._is_reading:
            asyncio.get_running_loop().add_reader(self._socket, self._on_readable)
            self._is_reading = True

    def _pause(self) -> None:
        if self._is_reading:
            asyncio.get_running_loop().remove_reader(self._open_socket)
            self._is_reading = False

    def _on_readable(self) -> None:
        self._read_turn()
        # A source that is too fast is read on, and dropped: what waits in the kernel must not be what came too fast.
        if self._flow.blocked() == "no-room":
            self._pause()

    def _read_turn(self) -> int:
        """Take what has come, up to so many datagrams; returns how many."""
        is_too_fast = self._flow.blocked() == "rate"
        lines: list[bytes] = []
        count = 0
        while count < _DATAGRAMS_A_TURN:
            try:
                datagram, address = self._open_socket.recvfrom(_DATAGRAM_MAX_BYTES)
            except BlockingIOError:
                break
            count += 1
            if is_too_fast:
                self._count("rate", 1)
            else:
                self._add_line(datagram, address[0], lines)
        self._flow.take(lines)
        return count

    def _add_line(self, datagram: bytes, address: str, lines: list[bytes]) -> None:
        if not self._endpoint.allow_from.allow(address):
            self._count("address", 1)
            return
        try:
            line = self._tokens.line_of(datagram.rstrip(_FRAME_ENDS))
        except Unauthorized:
            self._count("unauthorized", 1)
            return
        if line:
            lines.append(line)

    def _count(self, reason: str, count: int) -> None:
        self._metrics.syslog_dropped_datagrams.labels(self.source.id, reason).inc(count)
