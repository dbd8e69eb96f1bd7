"""Connections of HTTP: when they are closed, and how many there may be."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from collectors.routes.site import FIRST_HEADERS, FirstHeaders, HttpSite, note_header
from collectors.trust.credentials import ClientCertificate
from collectors.trust.tls import ServerTls, TlsFiles, client_certificate
from tests.support.certificates import client_context, issue
from tests.support.syslog_world import until

REQUEST = b"GET / HTTP/1.1\r\nHost: collector.example\r\n\r\n"


class World:
    """A site of one route that says hello; `release` lets it."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.certificates: list[ClientCertificate | None] = []
        self.release = asyncio.Event()
        self.release.set()
        self.port = 0
        self.site: HttpSite

    async def hello(self, request: web.Request) -> web.Response:
        self.certificates.append(client_certificate(request.transport))
        await self.release.wait()
        return web.Response(text="hello")

    def refuse(self, reason: str) -> None:
        self.refused[reason] += 1

    async def connect(self, context: ssl.SSLContext | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = None if context is None else "localhost"
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=context, server_hostname=name)

    async def ask(self) -> bytes:
        """The answer on a connection of its own."""
        reader, writer = await self.connect()
        writer.write(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def serving(
    *,
    header_timeout_s: float = 30,
    idle_timeout_s: float = 30,
    max_connections: int = 100,
    tls: ServerTls | None = None,
) -> AsyncIterator[World]:
    world = World()
    app = web.Application(middlewares=[note_header])
    app.router.add_get("/", world.hello)
    app[FIRST_HEADERS] = FirstHeaders(timeout_s=header_timeout_s, on_refused=world.refuse)
    runner = web.AppRunner(app, keepalive_timeout=idle_timeout_s, shutdown_timeout=0.1)
    await runner.setup()
    world.site = HttpSite(
        runner, "127.0.0.1", 0, first_headers=app[FIRST_HEADERS], max_connections=max_connections, tls=tls
    )
    await world.site.start()
    world.port = runner.addresses[0][1]
    yield world
    world.release.set()
    await runner.cleanup()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end; nothing if the end is a reset, which answers what is sent after it."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def dripping(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send byte by byte, until the other side has enough of it."""
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: ", b"\r\n\r\n"], ids=["nothing", "half", "blank"])
async def test_a_connection_that_sends_no_whole_header_in_time_is_closed(sent: bytes) -> None:
    async with serving(header_timeout_s=0.1) as world:
        reader, writer = await world.connect()
        writer.write(sent)
        assert await read_all(reader) == b""
        writer.close()
        assert world.refused == {"slow-header": 1}


async def test_a_header_that_drips_is_not_waited_for() -> None:
    async with serving(header_timeout_s=0.2) as world:
        reader, writer = await world.connect()
        drip = asyncio.create_task(dripping(writer, REQUEST))
        assert await read_all(reader) == b""
        assert world.refused == {"slow-header": 1}
        await asyncio.gather(drip, return_exceptions=True)


async def test_a_whole_header_in_time_has_all_the_time_of_its_request() -> None:
    async with serving(header_timeout_s=0.1) as world:
        world.release.clear()
        reader, writer = await world.connect()
        writer.write(REQUEST)
        await asyncio.sleep(0.3)
        world.release.set()
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert world.refused == {}
        writer.close()


@pytest.mark.parametrize("sent", [b"", REQUEST[:20]], ids=["nothing", "half a header"])
async def test_an_answered_connection_is_closed_when_idle_for_too_long(sent: bytes) -> None:
    async with serving(header_timeout_s=0.1, idle_timeout_s=0.4) as world:
        reader, writer = await world.connect()
        writer.write(REQUEST)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        drip = asyncio.create_task(dripping(writer, sent))
        began = asyncio.get_running_loop().time()
        assert await read_all(reader) == b""
        assert asyncio.get_running_loop().time() - began > 0.2
        await asyncio.gather(drip, return_exceptions=True)


async def test_a_connection_that_goes_by_itself_is_forgotten_at_once() -> None:
    async with serving() as world:
        for _ in range(5):
            _, writer = await world.connect()
            writer.close()
        await until(lambda: not world.site._first_headers._waiting)
        assert world.refused == {}


async def test_more_connections_than_allowed_are_answered_with_503() -> None:
    async with serving(max_connections=2) as world:
        world.release.clear()
        others = [await world.connect() for _ in range(2)]
        for _, writer in others:
            writer.write(REQUEST)
        await asyncio.sleep(0.05)
        answer = await world.ask()
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n")
        assert answer.endswith(b"\r\n\r\ntoo many open connections\n")
        assert world.refused == {"too-many": 1}
        world.release.set()
        for reader, writer in others:
            await reader.readuntil(b"hello")
            writer.close()
        await asyncio.sleep(0.05)
        assert (await world.ask()).startswith(b"HTTP/1.1 200")


async def test_who_is_turned_away_with_a_long_body_can_still_read_why() -> None:
    async with serving(max_connections=0) as world:
        reader, writer = await world.connect()
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n")
        sending = asyncio.create_task(dripping(writer, b"x" * 1_000))
        assert (await reader.readline()).startswith(b"HTTP/1.1 503")
        sending.cancel()
        writer.close()


async def test_who_is_turned_away_and_stays_is_closed() -> None:
    async with serving(max_connections=0) as world:
        silent, _ = await world.connect()
        talking, writer = await world.connect()
        writer.write(REQUEST)
        assert await read_all(silent) == b""
        assert (await read_all(talking)).startswith(b"HTTP/1.1 503")


async def test_over_tls_a_request_knows_its_clients_certificate(tmp_path: Path) -> None:
    authority = issue(tmp_path, "ca.example", is_authority=True)
    server = issue(tmp_path, "collector.example", by=authority)
    client = issue(tmp_path, "logs.acme.example", by=authority)
    files = TlsFiles(certificate=server.certificate, key=server.key, client_ca=authority.certificate)
    async with serving(header_timeout_s=0.3, tls=ServerTls(files)) as world:
        for context in (client.client(trusts=authority), client_context(authority)):
            reader, writer = await world.connect(context)
            writer.write(REQUEST)
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
            writer.close()
        shown, nothing = world.certificates
        assert shown is not None
        assert (shown.fingerprint.hex(), nothing) == (client.fingerprint, None)
        reader, writer = await world.connect(client_context(authority))
        assert await read_all(reader) == b""
        assert world.refused == {"slow-header": 1}
        assert world.site.name == "https://127.0.0.1:0"
        writer.close()
