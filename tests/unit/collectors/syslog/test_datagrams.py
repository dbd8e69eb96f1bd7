"""Datagrams into lines."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from collectors.limits.pace import Pace
from collectors.listeners import Networks
from collectors.syslog import datagrams as module
from collectors.syslog.datagrams import DatagramListener
from collectors.trust.credentials import Credentials, hash_of
from tests.support.syslog_world import World, syslog_source, until

Start = Callable[..., Awaitable[World]]
TOKEN = "a-token-of-acme-1234"


def send(world: World, *messages: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, ("127.0.0.1", world.listener.port))


def dropped(world: World, reason: str) -> float:
    return world.sample("collector_syslog_dropped_datagrams_total", reason=reason)


async def test_every_datagram_is_one_message_whatever_its_header_and_end(start: Start) -> None:
    world = await start(syslog_source(transport="udp"))
    send(
        world,
        b'<134>1 2026-11-23T07:00:00Z keycdn keycdn - - - {"v":1}',
        b'<134>Nov 23 07:00:00 cache tag: {"v":2}\n',
        b'{"v":3}\r\n\0',
        b"<134>5 is no count\nand this no other message",
        b"\n",
        b"",
    )
    await until(lambda: len(world.intake.lines) == 4)
    assert world.intake.lines == [b'{"v":1}', b'{"v":2}', b'{"v":3}', b"5 is no count\nand this no other message"]


async def test_a_message_of_64_kib_arrives_whole(start: Start) -> None:
    world = await start(syslog_source(transport="udp"))
    line = b"x" * 65_500
    send(world, line)
    await until(lambda: world.intake.lines == [line])


async def test_ipv6_and_ipv4_senders_share_a_port(start: Start) -> None:
    networks = Networks(allowed=(ip_network("127.0.0.0/8"), ip_network("::1")))
    world = await start(syslog_source(transport="udp", host="::", allow_from=networks))
    send(world, b"four")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"six", ("::1", world.listener.port))
    await until(lambda: sorted(world.intake.lines) == [b"four", b"six"])


async def test_senders_from_elsewhere_are_dropped_and_counted(start: Start) -> None:
    world = await start(syslog_source(transport="udp", allow_from=Networks(allowed=(ip_network("192.0.2.0/24"),))))
    send(world, b"a", b"b")
    await until(lambda: dropped(world, "address") == 2)
    assert world.intake.lines == []


async def test_messages_without_a_token_are_dropped_and_counted(start: Start) -> None:
    world = await start(syslog_source(transport="udp", credentials=Credentials(hashes=(hash_of(TOKEN),))))
    send(world, b"<134>a", f"<134>{TOKEN} b".encode(), b"<134>c")
    await until(lambda: world.intake.lines == [b"b"])
    assert dropped(world, "unauthorized") == 2


def drops_in_proc(port: int) -> int:
    """The kernel's own account."""
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:]]
    (drops,) = [int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}")]
    return drops


async def test_while_kafka_is_slow_memory_stays_bounded_and_what_the_kernel_drops_is_counted(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RECEIVE_BUFFER_BYTES", 100_000)
    world = await start(syslog_source(transport="udp"))
    assert isinstance(world.listener, DatagramListener)
    world.intake.open.clear()
    sent = 0
    while not drops_in_proc(world.listener.port):
        send(world, *[b"x" * 1_000] * 500)
        sent += 500
        await asyncio.sleep(0.001)
    assert world.budget.used < 6 * 1024 * 1024
    world.intake.open.set()
    await until(lambda: world.budget.used == 0)
    world.listener.count_kernel_drops()
    world.listener.count_kernel_drops()
    assert dropped(world, "kernel") == drops_in_proc(world.listener.port)
    assert dropped(world, "kernel") + len(world.intake.lines) == sent


async def test_a_source_that_sends_too_fast_is_dropped_beyond_its_rate_and_counted(start: Start) -> None:
    world = await start(syslog_source(transport="udp", more={"pace": Pace(max_lines_per_s=1)}))
    send(world, *[b"a"] * 12)
    await until(lambda: len(world.intake.lines) == 12)
    send(world, *[b"b"] * 5)
    await until(lambda: dropped(world, "rate") == 5)
    assert world.intake.lines == [b"a"] * 12


async def test_stopping_publishes_what_the_kernel_still_holds(start: Start) -> None:
    world = await start(syslog_source(transport="udp"))
    send(world, *[b"x"] * 600)
    await world.listener.stop(1)
    assert world.intake.lines == [b"x"] * 600
