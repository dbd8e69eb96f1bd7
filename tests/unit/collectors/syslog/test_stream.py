"""Connections into lines, over TCP and TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from collectors.limits.pace import Pace
from collectors.listeners import Networks
from collectors.sources import Source
from collectors.syslog.stream import FRAME_MAX_BYTES, StreamListener
from collectors.trust.credentials import Credentials, hash_of
from collectors.trust.tls import InvalidTls, TlsFiles
from schemas.batch import LINE_MAX_BYTES
from tests.support.certificates import Issued, client_context, issue
from tests.support.syslog_world import MIB, World, syslog_source, until

Start = Callable[..., Awaitable[World]]
TOKEN = "a-token-of-acme-1234"
WITH_TOKEN = syslog_source(credentials=Credentials(hashes=(hash_of(TOKEN),)))


def stream(world: World) -> StreamListener:
    assert isinstance(world.listener, StreamListener)
    return world.listener


async def test_lines_of_all_framings_arrive_without_headers(start: Start) -> None:
    world = await start()
    _, writer = await world.connect()
    writer.write(b'<134>2026-11-23T07:00:00Z cache-fra1 mediabill[4711]: {"v":1}\n{"v":2}\n26 <134>1 - - - - - - ')
    await until(lambda: world.intake.lines == [b'{"v":1}', b'{"v":2}'])
    writer.write(b'{"v":3}')
    await until(lambda: world.intake.lines == [b'{"v":1}', b'{"v":2}', b'{"v":3}'])
    writer.close()


async def test_lines_of_hundreds_of_connections_arrive(start: Start) -> None:
    world = await start()
    connections = [await world.connect() for _ in range(300)]
    await until(lambda: world.sample("collector_syslog_connections") == 300)
    for number, (_, writer) in enumerate(connections):
        writer.write(b"%d\n" % (1_000 + number) * 10)
    await until(lambda: len(world.intake.lines) == 3_000)
    assert sorted(set(world.intake.lines)) == [b"%d" % (1_000 + number) for number in range(300)]
    for _, writer in connections:
        writer.close()
    await until(lambda: world.sample("collector_syslog_connections") == 0)


async def test_one_connection_more_than_the_source_may_have_is_closed_at_once(start: Start) -> None:
    world = await start(syslog_source(max_connections=2))
    connections = [await world.connect() for _ in range(2)]
    await until(lambda: world.sample("collector_syslog_connections") == 2)
    reader, writer = await world.connect()
    with suppress(ConnectionError):
        assert await reader.read() == b""
    assert world.sample("collector_refused_connections_total", reason="too-many") == 1
    connections[0][1].close()
    await until(lambda: world.sample("collector_syslog_connections") == 1)
    await world.send(b"late\n")
    await until(lambda: world.intake.lines == [b"late"])
    writer.close()
    connections[1][1].close()


async def test_senders_from_elsewhere_are_refused(start: Start) -> None:
    world = await start(syslog_source(allow_from=Networks(allowed=(ip_network("192.0.2.0/24"),))))
    reader, writer = await world.connect()
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    assert world.sample("collector_refused_connections_total", reason="address") == 1
    assert world.sample("collector_syslog_connections") == 0


async def test_a_frame_that_the_end_of_the_connection_cuts_off_is_counted(start: Start) -> None:
    world = await start()
    await world.send(b"<134>whole\n<134>par")
    await until(lambda: world.sample("collector_syslog_bad_frames_total", reason="cut-off") == 1)
    await until(lambda: world.intake.lines == [b"whole"])
    await until(lambda: world.budget.used == 0)


async def test_a_message_of_the_longest_line_arrives_whole(start: Start) -> None:
    world = await start()
    line = b"x" * LINE_MAX_BYTES
    await world.send(b"<134>1 - - - - - - %s\n%d <134>1 - - - - - - %s" % (line, len(line) + 19, line))
    await until(lambda: world.intake.lines == [line, line])


async def test_a_frame_that_is_too_long_becomes_a_reject_and_costs_no_other(start: Start) -> None:
    world = await start()
    await world.send(b"<134>good\n<134>" + b"x" * 600_000 + b"\n<134>better\n")
    await until(lambda: len(world.intake.lines) == 3)
    good, long, better = world.intake.lines
    assert (good, better) == (b"good", b"better")
    assert LINE_MAX_BYTES < len(long) <= FRAME_MAX_BYTES
    assert world.sample("collector_syslog_bad_frames_total", reason="too-long") == 1


async def test_what_a_header_that_is_too_long_leaves_of_a_line_is_not_taken_for_one(start: Start) -> None:
    world = await start()
    header = b'<134>1 - - - - - [a b="%s"] ' % (b"x" * 100_000)
    await world.send(header + b"y" * 300_000 + b"\n<134>good\n")
    await until(lambda: world.intake.lines == [b"good"])
    assert world.sample("collector_syslog_bad_frames_total", reason="too-long") == 1


async def test_without_its_token_a_connection_is_closed_and_nothing_taken(start: Start) -> None:
    world = await start(WITH_TOKEN)
    reader, writer = await world.connect()
    writer.write(b"<134>{}\n")
    assert await reader.read() == b""
    writer.close()
    assert world.sample("collector_syslog_bad_frames_total", reason="unauthorized") == 1
    await world.send(f"<134>{TOKEN} {{}}\n".encode())
    await until(lambda: world.intake.lines == [b"{}"])


async def test_half_a_line_without_token_costs_no_other_line_of_its_connection(start: Start) -> None:
    world = await start(WITH_TOKEN)
    await world.send(f"<134>{TOKEN} a\nsecond half of it\n<134>{TOKEN} b\n".encode())
    await until(lambda: world.intake.lines == [b"a", b"b"])
    assert world.sample("collector_syslog_bad_frames_total", reason="unauthorized") == 1


async def test_reading_pauses_while_kafka_does_not_answer_and_goes_on_after(start: Start) -> None:
    world = await start()
    world.intake.open.clear()
    line = b"<134>" + b"x" * 1_000 + b"\n"
    count = 60_000
    _, writer = await world.connect()
    writer.write(line * count)
    sending = asyncio.create_task(writer.drain())
    await until(lambda: world.listener.flow.blocked() is not None)  # type: ignore[union-attr]  # of a stream
    await asyncio.sleep(0.1)
    assert not sending.done(), "60 MB cannot be read into the buffer of 16 blocks"
    assert world.budget.used < 6 * MIB
    world.intake.open.set()
    await sending
    await until(lambda: len(world.intake.lines) == count)
    await until(lambda: world.budget.used == 0)
    writer.close()


async def test_connections_that_come_while_there_is_no_room_are_not_read(start: Start) -> None:
    world = await start()
    world.intake.open.clear()
    stream(world).flow.take([b"x"] * 20_000)
    line, count = b"<134>" + b"y" * 1_000 + b"\n", 10_000
    writers = [(await world.connect())[1] for _ in range(20)]
    for writer in writers:
        writer.write(line * count)
    sending = [asyncio.create_task(writer.drain()) for writer in writers]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in sending)
    assert world.budget.used <= 20_000 + 20 * 256 * 1024
    world.intake.open.set()
    await asyncio.gather(*sending)
    await until(lambda: len(world.intake.lines) == 20_000 + 20 * count)
    for writer in writers:
        writer.close()


async def test_all_listeners_together_stop_reading_at_the_memory_limit(start: Start) -> None:
    world = await start(memory=2 * MIB)
    world.intake.open.clear()
    _, writer = await world.connect()
    line, count = b"<134>" + b"y" * 1_000 + b"\n", 20_000
    writer.write(line * count)
    sending = asyncio.create_task(writer.drain())
    await until(lambda: world.budget.is_full)
    await asyncio.sleep(0.1)
    assert not sending.done()
    assert world.budget.used <= 2 * MIB + 512 * 1024
    world.intake.open.set()
    await sending
    await until(lambda: len(world.intake.lines) == count)
    writer.close()


async def test_reading_waits_for_memory_that_http_has_taken(start: Start) -> None:
    world = await start(memory=MIB)
    world.budget.take(MIB)
    _, writer = await world.connect()
    writer.write(b"a\n")
    await asyncio.sleep(0.05)
    assert world.intake.lines == []
    world.budget.give_back(MIB)
    await until(lambda: world.intake.lines == [b"a"])
    writer.close()


async def test_unfinished_frames_of_many_connections_cannot_fill_the_memory(start: Start) -> None:
    world = await start(memory=8 * MIB)
    connections = [await world.connect() for _ in range(30)]
    for _, writer in connections:
        writer.write(b"<134>" + b"x" * 200_000)
    await until(lambda: world.sample("collector_syslog_bad_frames_total", reason="no-room") >= 25)
    assert world.budget.used <= MIB
    await world.send(b"good\n")
    await until(lambda: world.intake.lines == [b"good"])
    for _, writer in connections:
        writer.close()
    await until(lambda: world.budget.used == 0)


async def test_a_source_that_sends_too_fast_is_read_at_its_rate(start: Start) -> None:
    world = await start(syslog_source(more={"pace": Pace(max_lines_per_s=5_000)}))
    loop = asyncio.get_running_loop()
    began = loop.time()
    line = b"<134>" + b"x" * 1_000 + b"\n"
    _, writer = await world.connect()
    writer.write(line * 52_500)
    await until(lambda: len(world.intake.lines) == 52_500)
    # Ten seconds' worth come at once; the rest has to wait.
    assert loop.time() - began > 0.3
    writer.close()


async def test_stopping_accepts_no_more_and_publishes_all_that_was_sent(start: Start) -> None:
    world = await start()
    _, writer = await world.connect()
    writer.write(b"a\nb\n")
    await until(lambda: world.budget.used > 0)
    port = world.listener.port
    writer.write(b"c\n" * 100_000)
    await world.listener.stop(1)
    assert world.intake.lines == [b"a", b"b"] + [b"c"] * 100_000
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("ca"), "ca.example", is_authority=True)


@pytest.fixture
def client(authority: Issued, tmp_path: Path) -> Issued:
    return issue(tmp_path, "logs.acme.example", by=authority)


class TestTls:
    """The same over TLS."""

    def source(
        self, authority: Issued, folder: Path, credentials: Credentials | None = None, client_ca: Path | None = None
    ) -> Source:
        server = issue(folder, "collector.example", by=authority)
        files = TlsFiles(certificate=server.certificate, key=server.key, client_ca=client_ca)
        return syslog_source(credentials=credentials, transport="tls", tls=files)

    async def exchange(self, world: World, context: ssl.SSLContext, data: bytes) -> bytes:
        """Send; what comes back until the listener ends the connection."""
        reader, writer = await world.connect(ssl=context, server_hostname="localhost")
        writer.write(data)
        try:
            await writer.drain()
            writer.write_eof() if writer.can_write_eof() else writer.close()
            return await reader.read()
        finally:
            writer.close()

    async def test_lines_and_tokens(self, start: Start, authority: Issued, tmp_path: Path) -> None:
        world = await start(self.source(authority, tmp_path, Credentials(hashes=(hash_of(TOKEN),))))
        message = f"<134>1 - - - - - - {TOKEN} {{}}"
        await self.exchange(world, client_context(authority), f"{len(message)} {message}<134>{TOKEN} lf\n".encode())
        await until(lambda: world.intake.lines == [b"{}", b"lf"])

    @pytest.mark.parametrize("by", ["fingerprint", "name"])
    async def test_a_client_certificate_is_the_credential(
        self, start: Start, authority: Issued, client: Issued, tmp_path: Path, by: str
    ) -> None:
        credentials = {
            "fingerprint": Credentials(fingerprints=(b"\0" * 32, bytes.fromhex(client.fingerprint))),
            "name": Credentials(certificate_names=("logs.acme.example",)),
        }[by]
        world = await start(self.source(authority, tmp_path, credentials, authority.certificate))
        await self.exchange(world, client.client(trusts=authority), b"<134>{}\n")
        await until(lambda: world.intake.lines == [b"{}"])

    async def test_another_certificate_of_the_same_authority_is_refused(
        self, start: Start, authority: Issued, client: Issued, tmp_path: Path
    ) -> None:
        credentials = Credentials(fingerprints=(bytes.fromhex(client.fingerprint),))
        world = await start(self.source(authority, tmp_path, credentials, authority.certificate))
        other = issue(tmp_path, "other.acme.example", by=authority)
        with suppress(ConnectionError, ssl.SSLError):
            await self.exchange(world, other.client(trusts=authority), b"<134>{}\n")
        await until(lambda: world.sample("collector_refused_connections_total", reason="certificate") == 1)
        with suppress(ConnectionError, ssl.SSLError):
            await self.exchange(world, client_context(authority), b"<134>{}\n")
        assert world.intake.lines == []

    async def test_the_end_is_a_close_notify_in_both_directions(
        self, start: Start, authority: Issued, tmp_path: Path
    ) -> None:
        world = await start(self.source(authority, tmp_path))

        def close_first() -> bytes:
            with self.connected(world, authority) as tls:
                tls.sendall(b"<134>a\n")
                # Sends close_notify, and returns only if the other side has answered with its own.
                tls.unwrap().close()
                return b"done"

        def wait_for_end() -> bytes:
            with self.connected(world, authority) as tls:
                tls.sendall(b"<134>b\n")
                # Without close_notify this would raise SSLEOFError.
                return tls.recv(1)

        assert await asyncio.to_thread(close_first) == b"done"
        waiting = asyncio.create_task(asyncio.to_thread(wait_for_end))
        await until(lambda: world.intake.lines == [b"a", b"b"])
        await world.listener.stop(1)
        assert await waiting == b""

    def connected(self, world: World, authority: Issued) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", world.listener.port), timeout=5)
        return client_context(authority).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)

    async def test_reading_pauses_and_goes_on(self, start: Start, authority: Issued, tmp_path: Path) -> None:
        world = await start(self.source(authority, tmp_path))
        world.intake.open.clear()
        _, writer = await world.connect(ssl=client_context(authority), server_hostname="localhost")
        line, count = b"<134>" + b"x" * 1_000 + b"\n", 30_000
        writer.write(line * count)
        await until(lambda: stream(world).flow.blocked() is not None)
        await asyncio.sleep(0.1)
        assert world.budget.used < 6 * MIB
        world.intake.open.set()
        await until(lambda: len(world.intake.lines) == count)
        writer.close()

    async def test_what_speaks_no_tls_gets_nothing_in(self, start: Start, authority: Issued, tmp_path: Path) -> None:
        world = await start(self.source(authority, tmp_path))
        reader, writer = await world.connect()
        writer.write(b"<134>{}\n")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        assert (world.intake.lines, world.sample("collector_syslog_connections")) == ([], 0)

    def test_files_that_make_no_server_are_refused_before_listening(self, tmp_path: Path) -> None:
        files = TlsFiles(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
        with pytest.raises(InvalidTls, match=r"none\.pem"):
            World(syslog_source(transport="tls", tls=files))
