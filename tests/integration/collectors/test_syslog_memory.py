"""Memory of a collector that many senders of syslog push into while Kafka takes nothing."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from tests.integration.collectors.lone import Sources, running

MIB = 1024 * 1024
LINE = b"<134>" + b"x" * 1_000 + b"\n"
TCP, CONNECTIONS = 20, 5


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


async def push(port: int) -> None:
    """Send as much as is taken, six seconds long."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(6):
            while True:
                writer.write(LINE * 200)
                await writer.drain()
    except TimeoutError:
        writer.transport.abort()


def flood(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(50_000):
            sender.sendto(LINE, ("127.0.0.1", port))


@pytest.mark.timeout(180)
async def test_memory_stays_bounded_whatever_is_sent(tmp_path: Path) -> None:
    sources: Sources = [
        {"id": f"acme-{number}", "cdn": "fastly", "listener": {"type": f"syslog-{kind}", "port": 0}}
        for number, kind in enumerate(["tcp"] * TCP + ["udp"])
    ]
    limits = {
        "MEMORY_LIMIT_BYTES": 32 * MIB,
        "MAX_BODY_BYTES": 8 * MIB,
        "MAX_DECOMPRESSED_BYTES": 16 * MIB,
        "DELIVERY_TIMEOUT_S": 3,
        "DRAIN_TIMEOUT_S": 4,
    }
    async with running(tmp_path, sources, **limits) as (process, log):
        before = resident_bytes(process.pid)
        tcp = [int(port) for port in re.findall(r"over tcp on port (\d+)", log)]
        (udp,) = [int(port) for port in re.findall(r"over udp on port (\d+)", log)]
        pushing = asyncio.gather(*(push(port) for port in tcp * CONNECTIONS))
        most = 0
        while not pushing.done():
            await asyncio.to_thread(flood, udp)
            most = max(most, resident_bytes(process.pid))
            await asyncio.sleep(0.2)
        await pushing
        # Lines in flight stand there as bytes, as records and as messages of librdkafka.
        assert most - before < 8 * 32 * MIB
