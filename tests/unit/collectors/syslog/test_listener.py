"""Which listener a source gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.syslog.datagrams import DatagramListener
from collectors.syslog.stream import StreamListener
from tests.support.syslog_world import World, syslog_source


@pytest.mark.parametrize(("transport", "expected"), [("tcp", StreamListener), ("udp", DatagramListener)])
async def test_the_transport_decides(transport: str, expected: type) -> None:
    assert isinstance(World(syslog_source(transport=transport)).listener, expected)


async def test_a_source_of_http_cannot_listen_for_syslog() -> None:
    with pytest.raises(ValueError, match="no syslog source"):
        World(replace(syslog_source(), syslog=None))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_before_its_start_a_listener_has_no_port_and_can_be_stopped(transport: str) -> None:
    listener = World(syslog_source(transport=transport)).listener
    with pytest.raises(RuntimeError, match="not started"):
        _ = listener.port
    await listener.stop(1)
