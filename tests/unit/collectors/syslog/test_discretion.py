"""What abuse of syslog brings into logs and metrics: nothing of what was sent."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_network

import pytest
from prometheus_client import generate_latest

from collectors.listeners import Networks
from collectors.trust.credentials import Credentials, hash_of
from tests.support.syslog_world import World, syslog_source, until

Start = Callable[..., Awaitable[World]]
TOKEN = "a-token-of-acme-1234"
WRONG = "a-wrong-guess-of-mallory"
LINE = b'{"v":1,"ip":"203.0.113.24","url":"/a.ts?sig=5ca1ab1e"}'
PRIVATE = (TOKEN, WRONG, "203.0.113.24", "5ca1ab1e", "127.0.0.1")
WITH_TOKEN = Credentials(hashes=(hash_of(TOKEN),))
ELSEWHERE = Networks(allowed=(ip_network("192.0.2.0/24"),))


def assert_discreet(world: World, caplog: pytest.LogCaptureFixture) -> None:
    text = caplog.text + generate_latest(world.metrics.registry).decode()
    assert [private for private in PRIVATE if private in text] == []


@pytest.mark.parametrize(
    ("data", "sign"),
    [
        (f"<134>{WRONG} ".encode() + LINE + b"\n", "unauthorized"),
        (f"<134>{TOKEN} a\n".encode() + LINE + b"\n", "unauthorized"),
        (f"<134>{TOKEN} ".encode() + LINE * 10_000 + b"\n", "too-long"),
        (f"<134>{TOKEN} ".encode() + LINE, "cut-off"),
    ],
    ids=["wrong token", "second line without token", "too long", "cut off"],
)
async def test_nothing_of_a_connection_shows(
    start: Start, caplog: pytest.LogCaptureFixture, data: bytes, sign: str
) -> None:
    caplog.set_level(logging.INFO)
    world = await start(syslog_source(credentials=WITH_TOKEN))
    with suppress(OSError):
        await world.send(data)
    await until(lambda: world.sample("collector_syslog_bad_frames_total", reason=sign) >= 1)
    assert_discreet(world, caplog)


async def test_nothing_of_a_refused_connection_shows(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    world = await start(syslog_source(allow_from=ELSEWHERE))
    with suppress(OSError):
        await world.send(LINE)
    assert "refused a syslog connection: address" in caplog.text
    assert_discreet(world, caplog)


@pytest.mark.parametrize(("allow_from", "sign"), [(ELSEWHERE, "address"), (Networks(), "unauthorized")])
async def test_nothing_of_a_datagram_shows(
    start: Start, caplog: pytest.LogCaptureFixture, allow_from: Networks, sign: str
) -> None:
    caplog.set_level(logging.INFO)
    world = await start(syslog_source(transport="udp", credentials=WITH_TOKEN, allow_from=allow_from))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(f"<134>{WRONG} ".encode() + LINE, ("127.0.0.1", world.listener.port))
    await until(lambda: world.sample("collector_syslog_dropped_datagrams_total", reason=sign) == 1)
    assert_discreet(world, caplog)
