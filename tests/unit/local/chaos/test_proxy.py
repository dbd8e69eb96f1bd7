"""The proxy passes everything as it is, and holds the end of a transaction, and nothing else, when it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from local.chaos.frames import END_TXN, EndTxn
from local.chaos.proxy import Proxy

PREFIX = "enrichment.enriched."
PRODUCE = 0
T = TypeVar("T")


def request(api_key: int, correlation: int, body: bytes = b"", version: int = 2) -> bytes:
    header = api_key.to_bytes(2, "big") + version.to_bytes(2, "big") + correlation.to_bytes(4, "big") + b"\xff\xff"
    return len(header + body).to_bytes(4, "big") + header + body


def end(name: str, correlation: int, *, committed: bool = True) -> bytes:
    body = len(name).to_bytes(2, "big") + name.encode() + (9).to_bytes(8, "big") + (1).to_bytes(2, "big")
    return request(END_TXN, correlation, body + bytes([committed]))


def answer(correlation: int, body: bytes) -> bytes:
    return (4 + len(body)).to_bytes(4, "big") + correlation.to_bytes(4, "big") + body


@dataclass
class Broker:
    """Remembers the bytes that arrive, and answers each EndTxn with success and all else with an echo."""

    received: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(int.from_bytes(size, "big"))
                self.received.append(size + frame)
                self.arrived.set()
                correlation = int.from_bytes(frame[4:8], "big")
                is_end = int.from_bytes(frame[:2], "big") == END_TXN
                writer.write(answer(correlation, bytes(6) if is_end else frame[10:]))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            self.left.set()
            writer.close()


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    made = Broker()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@dataclass
class Client:
    """A connection through the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.next()

    async def next(self) -> bytes:
        size = await self.reader.readexactly(4)
        return size + await self.reader.readexactly(int.from_bytes(size, "big"))


@pytest.fixture
async def proxy(broker: Broker) -> AsyncIterator[Proxy]:
    async with Proxy(0, broker.port) as made:
        yield made


async def within(what: Awaitable[T], seconds: float = 5) -> T:
    return await asyncio.wait_for(what, seconds)


async def connect(proxy: Proxy) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", proxy.port))


async def test_requests_and_answers_pass_unchanged_whatever_their_size(proxy: Proxy, broker: Broker) -> None:
    client = await connect(proxy)
    for correlation, size in enumerate((0, 1, 100_000, 3_000_000)):
        sent = request(PRODUCE, correlation, bytes(range(256)) * (size // 256) + bytes(size % 256))
        assert await client.ask(sent) == answer(correlation, sent[14:])
        assert broker.received.pop() == sent


async def test_without_a_hold_a_commit_passes_and_is_noted_with_its_answer(proxy: Proxy, broker: Broker) -> None:
    began = time.monotonic()
    client = await connect(proxy)
    assert await client.ask(end(f"{PREFIX}-0-1", 7)) == answer(7, bytes(6))
    commit = await within(proxy.answered(f"{PREFIX}-0-1", began))
    assert (commit.request, commit.error) == (EndTxn(f"{PREFIX}-0-1", 9, 1, committed=True), 0)
    assert broker.received == [end(f"{PREFIX}-0-1", 7)]


async def test_an_abort_is_no_commit(proxy: Proxy) -> None:
    hold = proxy.hold(PREFIX)
    client = await connect(proxy)
    await client.ask(end(f"{PREFIX}-0-1", 7, committed=False))
    assert (hold.held, proxy.commits) == ([], [])


async def test_a_hold_stops_the_commits_of_its_prefix_until_it_is_released(proxy: Proxy, broker: Broker) -> None:
    hold, client, other = proxy.hold(PREFIX), await connect(proxy), await connect(proxy)
    client.writer.write(end(f"{PREFIX}-0-1", 7))
    assert (await within(hold.caught())).transactional_id == f"{PREFIX}-0-1"
    await other.ask(end("enrichment.dead-letter.-0-1", 8))
    await other.ask(request(PRODUCE, 9, b"records"))
    assert broker.received == [end("enrichment.dead-letter.-0-1", 8), request(PRODUCE, 9, b"records")]
    hold.release()
    assert await client.next() == answer(7, bytes(6))
    assert await client.ask(end(f"{PREFIX}-0-2", 8)) == answer(8, bytes(6))


async def test_what_is_held_when_its_client_dies_never_arrives(proxy: Proxy, broker: Broker) -> None:
    hold, client = proxy.hold(PREFIX), await connect(proxy)
    await client.ask(request(PRODUCE, 6, b"records"))
    client.writer.write(end(f"{PREFIX}-0-1", 7))
    await within(hold.caught())
    assert hold.dropped == []
    client.writer.transport.abort()
    await within(hold.all_dropped())
    assert hold.dropped == hold.held
    hold.release()
    await within(broker.left.wait())
    assert broker.received == [request(PRODUCE, 6, b"records")]


async def test_the_same_id_may_be_committed_again_after_a_hold(proxy: Proxy, broker: Broker) -> None:
    hold, client = proxy.hold(PREFIX), await connect(proxy)
    client.writer.write(end(f"{PREFIX}-0-1", 7))
    await within(hold.caught())
    client.writer.close()
    await within(broker.left.wait())
    hold.release()
    killed = time.monotonic()
    resumed = await connect(proxy)
    await resumed.ask(end(f"{PREFIX}-0-1", 1))
    again = await within(proxy.answered(f"{PREFIX}-0-1", killed))
    assert (again.request, again.connection) == (hold.held[0], 2)


async def test_a_new_hold_ends_the_one_before(proxy: Proxy) -> None:
    first, client = proxy.hold(PREFIX), await connect(proxy)
    client.writer.write(end(f"{PREFIX}-0-1", 7))
    await within(first.caught())
    second = proxy.hold("other.")
    assert await client.next() == answer(7, bytes(6))
    assert second.held == []


async def test_nothing_held_is_a_timeout(proxy: Proxy) -> None:
    with pytest.raises(TimeoutError):
        await within(proxy.hold(PREFIX).caught(), 0.05)
    with pytest.raises(TimeoutError):
        await within(proxy.answered(f"{PREFIX}-0-1", 0), 0.05)


async def test_without_a_broker_clients_are_sent_away(proxy: Proxy, broker: Broker) -> None:
    async with Proxy(0, 9) as alone:
        client = await connect(alone)
        assert await client.reader.read() == b""


async def test_a_client_is_told_when_the_broker_leaves(broker: Broker) -> None:
    async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    async with server, Proxy(0, server.sockets[0].getsockname()[1]) as made:
        assert await (await connect(made)).reader.read() == b""


async def test_leaving_closes_every_connection(broker: Broker) -> None:
    async with Proxy(0, broker.port) as made:
        client = await connect(made)
        await client.ask(request(PRODUCE, 1))
    assert await client.reader.read() == b""
