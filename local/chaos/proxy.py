"""A proxy between the enrichment job and the broker that can stop a commit on its way.

Everything passes as it is, except the end of a transaction while a hold is on. What is held when its client dies is
never passed on: for the broker the transaction is open, for Flink's checkpoint it is promised.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self

from local.chaos.frames import (
    END_TXN,
    PEEK_BYTES,
    SIZE_BYTES,
    EndTxn,
    correlation_id,
    end_txn,
    end_txn_error,
    peek,
)
from local.ports import LOOPBACK

_CHUNK_BYTES: Final = 256 * 1024
#: Chunks of a connection that are read ahead while it is held.
_AHEAD: Final = 16


class Commit(NamedTuple):
    """A commit that the broker has answered. `error` is Kafka's code, 0 for success; `at` is monotonic seconds."""

    request: EndTxn
    connection: int
    error: int
    at: float


class Hold:
    """Stops commits of transactional ids with a prefix, from its making to its release."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._arrived = asyncio.Event()
        self._released = asyncio.Event()
        self._none_waits = asyncio.Event()
        #: Commits that were stopped, in order; the same one again if its client has tried again.
        self.held: list[EndTxn] = []
        #: Those of them whose client has gone: the broker has never seen them, and never will.
        self.dropped: list[EndTxn] = []

    def covers(self, request: EndTxn) -> bool:
        """Whether a request is to be stopped."""
        wanted = request.committed and request.transactional_id.startswith(self._prefix)
        return wanted and not self._released.is_set()

    def stop(self, request: EndTxn) -> None:
        """Note a request that is stopped."""
        self.held.append(request)
        self._none_waits.clear()
        self._arrived.set()

    def drop(self, request: EndTxn) -> None:
        """Note that the client of a stopped request has gone."""
        self.dropped.append(request)
        if len(self.dropped) == len(self.held):
            self._none_waits.set()

    async def caught(self) -> EndTxn:
        """Wait for the first commit to be stopped."""
        await self._arrived.wait()
        return self.held[0]

    async def all_dropped(self) -> None:
        """Wait until every client of a stopped request has gone."""
        await self._none_waits.wait()

    def release(self) -> None:
        """Let pass what is held and has still a client, and stop nothing more."""
        self._released.set()

    async def over(self) -> None:
        """Wait for the release."""
        await self._released.wait()


class Proxy:
    """Listens at one port and speaks with another; a context manager that owns every connection."""

    def __init__(self, listen_port: int, broker_port: int) -> None:
        self._listen_port = listen_port
        self._broker_port = broker_port
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self._all_closed = asyncio.Event()
        self._hold: Hold | None = None
        self._news = asyncio.Condition()
        #: Answered commits, in order.
        self.commits: list[Commit] = []
        self._connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self._listen_port, limit=_CHUNK_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._open:
            connection.abort()
        if self._open:
            await self._all_closed.wait()

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    def hold(self, prefix: str) -> Hold:
        """Stop commits of ids with this prefix from now on, instead of what was stopped before."""
        if self._hold is not None:
            self._hold.release()
        self._hold = Hold(prefix)
        return self._hold

    async def answered(self, transactional_id: str, since: float) -> Commit:
        """Wait for an answer to a commit of this id after a moment (monotonic seconds)."""

        def found() -> Commit | None:
            mine = (commit for commit in self.commits if commit.request.transactional_id == transactional_id)
            return next((commit for commit in mine if commit.at > since), None)

        async with self._news:
            while (commit := found()) is None:
                await self._news.wait()
            return commit

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection = _Connection(self, self._connections, reader, writer)
        self._open.add(connection)
        self._all_closed.clear()
        # When the drill is interrupted: asyncio's streams would report each of their tasks that ends cancelled.
        with suppress(asyncio.CancelledError):
            await connection.run(self._broker_port)
        self._open.discard(connection)
        if not self._open:
            self._all_closed.set()

    async def pass_on(self, request: EndTxn, gone: asyncio.Event) -> bool:
        """Wait until a request may pass; False if its client has gone meanwhile."""
        hold = self._hold
        if hold is None or not hold.covers(request):
            return True
        hold.stop(request)
        waits = {asyncio.ensure_future(hold.over()), asyncio.ensure_future(gone.wait())}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if gone.is_set():
            hold.drop(request)
        return not gone.is_set()

    async def report(self, commit: Commit) -> None:
        """Note an answered commit."""
        async with self._news:
            self.commits.append(commit)
            self._news.notify_all()


class _Request(NamedTuple):
    """The end of a transaction, whole, among the chunks of a connection."""

    data: bytes
    request: EndTxn
    api_version: int
    correlation_id: int


class _Connection:
    """One client: requests go one way, answers the other."""

    def __init__(self, proxy: Proxy, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._number = number
        self._reader = reader
        self._writer = writer
        self._writers = [writer]
        self._chunks: asyncio.Queue[bytes | _Request | None] = asyncio.Queue(_AHEAD)
        self._gone = asyncio.Event()
        self._open: dict[int, _Request] = {}

    async def run(self, broker_port: int) -> None:
        """Serve until the broker has closed the connection, because it is down or because the client has left."""
        with suppress(OSError):
            broker_reader, broker_writer = await asyncio.open_connection(LOOPBACK, broker_port, limit=_CHUNK_BYTES)
            self._writers.append(broker_writer)
            requests = [
                asyncio.ensure_future(way) for way in (self._read_requests(), self._send_requests(broker_writer))
            ]
            with suppress(asyncio.IncompleteReadError, OSError):
                await self._send_answers(broker_reader)
            for task in requests:
                task.cancel()
            await asyncio.gather(*requests, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    def abort(self) -> None:
        """Cut the connection on both sides, which ends `run`."""
        for writer in self._writers:
            writer.transport.abort()

    async def _read_requests(self) -> None:
        """Read ahead, so that the end of the client is seen while a request of it is held."""
        try:
            while True:
                size = await self._reader.readexactly(SIZE_BYTES)
                start = await self._reader.readexactly(PEEK_BYTES)
                left = int.from_bytes(size, "big") - PEEK_BYTES
                if peek(start).api_key == END_TXN:
                    await self._chunks.put(_request(size, start + await self._reader.readexactly(left)))
                    continue
                await self._chunks.put(size + start)
                async for chunk in _exactly(self._reader, left):
                    await self._chunks.put(chunk)
        except (asyncio.IncompleteReadError, OSError):
            self._gone.set()
            await self._chunks.put(None)

    async def _send_requests(self, broker: asyncio.StreamWriter) -> None:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, bytes):
                broker.write(chunk)
            elif await self._proxy.pass_on(chunk.request, self._gone):
                self._open[chunk.correlation_id] = chunk
                broker.write(chunk.data)
            await broker.drain()
        # What was read before the client left is still sent: it had left the client.
        broker.write_eof()

    async def _send_answers(self, broker: asyncio.StreamReader) -> None:
        while True:
            size = await broker.readexactly(SIZE_BYTES)
            start = await broker.readexactly(SIZE_BYTES)
            left = int.from_bytes(size, "big") - len(start)
            if (request := self._open.pop(correlation_id(start), None)) is not None:
                start += await broker.readexactly(left)
                left = 0
                await self._report(request, start)
            self._writer.write(size + start)
            async for chunk in _exactly(broker, left):
                self._writer.write(chunk)
                await self._writer.drain()

    async def _report(self, request: _Request, answer: bytes) -> None:
        if request.request.committed:
            error = end_txn_error(answer, request.api_version)
            await self._proxy.report(Commit(request.request, self._number, error, time.monotonic()))


def _request(size: bytes, frame: bytes) -> _Request:
    start = peek(frame[:PEEK_BYTES])
    return _Request(size + frame, end_txn(frame), start.api_version, start.correlation_id)


async def _exactly(reader: asyncio.StreamReader, count: int) -> AsyncIterator[bytes]:
    """The next bytes, in chunks as they come. Raises IncompleteReadError if there are fewer."""
    while count > 0:
        chunk = await reader.read(min(count, _CHUNK_BYTES))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", count)
        count -= len(chunk)
        yield chunk
