"""A proxy before Postgres that counts queries, and can make the server behind it seem to hang or to be gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from jobs.enrichment.resolver import BackgroundLoop
from local.ports import LOOPBACK

_QUERY, _READY, _NONE = ord("Q"), ord("Z"), -1
_CHUNK = 1 << 16


@dataclass
class Counts:
    """Texts of all queries, and how many were answered at the same time: now, and at most."""

    queries: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    def began(self, text: str) -> None:
        self.queries.append(text)
        self.running += 1
        self.most_running = max(self.most_running, self.running)

    def ended(self) -> None:
        self.running -= 1


class Messages:
    """Cuts one direction of Postgres' protocol into messages; bodies are kept only of type `keep`.

    A client's first message has no type. Encryption must be off: it would begin with another such message.
    """

    def __init__(self, keep: int, *, client: bool) -> None:
        self._keep = keep
        self._header = bytearray()
        self._body = bytearray()
        self._left = 0
        self._kind = 0
        self._untyped = client

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Messages that end in this piece of the stream: type, and body if kept."""
        view = memoryview(data)
        while view:
            if self._left == 0:
                view = self._head(view)
            taken = view[: self._left]
            if self._kind == self._keep:
                self._body += taken
            self._left -= len(taken)
            view = view[len(taken) :]
            if self._left == 0 and not self._header:
                yield self._kind, bytes(self._body)
                self._body.clear()

    def _head(self, view: memoryview) -> memoryview:
        """Take what there is of type (if any) and length."""
        size = 4 if self._untyped else 5
        missing = size - len(self._header)
        self._header += view[:missing]
        if len(self._header) == size:
            self._kind = 0 if self._untyped else self._header[0]
            self._left = int.from_bytes(self._header[-4:]) - 4
            self._untyped = False
            self._header.clear()
        return view[missing:]


class Conversation:
    """What one client and the server say to each other: at most one query at a time."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._running = False

    def asked(self, kind: int, body: bytes) -> None:
        if kind == _QUERY:
            self._running = True
            self._counts.began(body.rstrip(b"\0").decode())

    def answered(self, kind: int, _: bytes) -> None:
        if kind == _READY:
            self.ended()

    def ended(self) -> None:
        if self._running:
            self._running = False
            self._counts.ended()


class Ended(Exception):
    """One side has closed its connection."""


class PostgresProxy:
    """Forwards to the server of a DSN; its own `dsn` leads through it. See `running_proxy`."""

    def __init__(self, dsn: str, loop: BackgroundLoop) -> None:
        self._behind = urlsplit(dsn)
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._clients: set[asyncio.Task[None]] = set()
        self._port = 0
        self.counts = Counts()

    @property
    def dsn(self) -> str:
        """Address of the same database through the proxy."""
        user = self._behind.netloc.rpartition("@")[0]
        plain = "sslmode=disable&gssencmode=disable"
        return urlunsplit(self._behind._replace(netloc=f"{user}@{LOOPBACK}:{self._port}", query=plain))

    def hang(self) -> None:
        """Take connections and data and pass nothing on, as a stopped server does."""
        self._run(self._hang())

    def vanish(self) -> None:
        """Close every connection and refuse new ones."""
        self._run(self._vanish())

    def recover(self) -> None:
        """Be as at first."""
        self._run(self._listen())

    def _run(self, coroutine: Coroutine[None, None, None]) -> None:
        self._loop.submit(coroutine).result(timeout=10)

    async def _hang(self) -> None:
        self._flowing.clear()

    async def _vanish(self) -> None:
        assert self._server is not None
        self._server.close()
        self._server = None
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _listen(self) -> None:
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        there, back = await asyncio.open_connection(self._behind.hostname, self._behind.port)
        conversation = Conversation(self.counts)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, back, Messages(_QUERY, client=True), conversation.asked))
                pumps.create_task(self._pump(there, writer, Messages(_NONE, client=False), conversation.answered))
        except* (Ended, OSError):
            pass
        finally:
            self._clients.discard(task)
            conversation.ended()
            for end in (writer, back):
                end.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        messages: Messages,
        seen: Callable[[int, bytes], None],
    ) -> None:
        """Pass data on until its sender ends; raises Ended then, so that the other direction ends too."""
        while data := await reader.read(_CHUNK):
            await self._flowing.wait()
            for kind, body in messages.feed(data):
                seen(kind, body)
            writer.write(data)
            await writer.drain()
        raise Ended


@contextmanager
def running_proxy(dsn: str) -> Iterator[PostgresProxy]:
    """A proxy that passes everything on until told otherwise."""
    loop = BackgroundLoop()
    proxy = PostgresProxy(dsn, loop)
    proxy.recover()
    yield proxy
    proxy.recover()
    proxy.vanish()
    loop.stop()
