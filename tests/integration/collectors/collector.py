"""A collector of a test's own, to be killed at will."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from local import process
from local.ports import LOOPBACK
from local.settings import ROOT
from local.stack import Stack
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.traffic import post

SOURCE: dict[str, Any] = {"id": "acme", "cdn": "cloudflare", "listener": {"type": "http"}}
ENVIRON = {
    "COLLECTOR_HEARTBEAT_INTERVAL_S": "0.3",
    "COLLECTOR_DELIVERY_TIMEOUT_S": "1.5",
    "COLLECTOR_DRAIN_TIMEOUT_S": "10",
}


class Collector:
    """One collector at a fixed port, started again and again; its log goes on in one file."""

    def __init__(self, folder: Path, bootstrap: str, port: int, **settings: str) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.log_file = folder / f"{port}.log"
        self._source = SOURCE | ({"spool": True} if "spool_dir" in settings else {})
        self._sources_file = folder / f"{port}.yaml"
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")},
            **ENVIRON,
            "COLLECTOR_KAFKA_BOOTSTRAP": bootstrap,
            "COLLECTOR_SOURCES_FILE": str(self._sources_file),
            "COLLECTOR_HTTP_PORT": str(port),
            **{f"COLLECTOR_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it and wait until it serves; Kafka may be away."""
        self._sources_file.write_text(yaml.safe_dump({"sources": [self._source]}))
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "collectors", cwd=ROOT, env=self._environ, stdin=DEVNULL, stdout=log, stderr=log
            )
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while not await self._serves(session):
                if self._process.returncode is not None:
                    raise AssertionError(self.log_file.read_text())
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL, as the kernel or an operator would."""
        self._running.kill()
        await self._running.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self._running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self._running.wait()

    def memory_bytes(self, field: str = "VmRSS") -> int:
        """A size from proc_pid_status(5): resident now, or at most so far (VmHWM)."""
        lines = Path(f"/proc/{self._running.pid}/status").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith(f"{field}:")))

    async def metrics(self) -> dict[str, float]:
        """All samples, by name with labels as exported."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def close(self) -> None:
        """Leave no process behind."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    @property
    def _running(self) -> Process:
        assert self._process is not None, "not started"
        return self._process

    async def _serves(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def collector(broker: Stack, folder: Path, index: int = 0, /, **settings: str) -> Collector:
    """A collector on one of the stack's ports."""
    return Collector(folder, broker.kafka_bootstrap, broker.settings.ports.collector_http(index), **settings)


@asynccontextmanager
async def running(collector: Collector) -> AsyncIterator[Collector]:
    """Start a collector; killed at the end, should it still run."""
    try:
        await collector.start()
        yield collector
    finally:
        await collector.close()


@asynccontextmanager
async def paused(broker: Stack) -> AsyncIterator[None]:
    """Stop the broker in its tracks: connections stay, answers do not come."""
    child = process.find(broker.settings.state, "kafka")
    assert child is not None
    child.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.signal(signal.SIGCONT)


async def until_accepted(url: str, body: bytes) -> None:
    """Post a delivery until it is promised, as a sender does."""
    async with asyncio.timeout(30):
        while (await post(url, "acme", body))[0] != 200:  # noqa: ASYNC110  # a sender asks again
            await asyncio.sleep(0.2)


def stored(broker: Stack) -> list[AccessLogBatch]:
    """Every batch of the source in Kafka."""
    return KafkaLog(broker.kafka_bootstrap).batches(SOURCE["id"])
