"""A collector as a process: its start, its exit, its drain."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml

from local.settings import ROOT
from local.stack import Stack
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.traffic import cloudflare_line

OPEN_SOURCE = {"id": "drained", "cdn": "cloudflare", "listener": {"type": "http"}}


async def start(**variables: str) -> Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "collectors", stderr=PIPE, cwd=ROOT, env={**inherited, **variables}
    )


@asynccontextmanager
async def running(stack: Stack, tmp_path: Path) -> AsyncIterator[tuple[Process, str]]:
    """A collector of its own and its base URL; killed at the end, should it still run."""
    sources = tmp_path / "sources.yaml"
    sources.write_text(yaml.safe_dump({"sources": [OPEN_SOURCE]}))
    process = await start(
        COLLECTOR_KAFKA_BOOTSTRAP=stack.kafka_bootstrap, COLLECTOR_SOURCES_FILE=str(sources), COLLECTOR_HTTP_PORT="0"
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            while (found := re.search(rb"listens on \('([0-9.]+)', (\d+)\)", await process.stderr.readline())) is None:
                pass
        yield process, f"http://{found[1].decode()}:{found[2].decode()}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_sigterm_finishes_what_was_begun_and_exits_with_0(
    stack: Stack, tmp_path: Path, kafka_log: KafkaLog
) -> None:
    line = cloudflare_line("drained")
    closing = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield line[:20]
        await closing.wait()
        yield line[20:]

    async with running(stack, tmp_path) as (process, url), aiohttp.ClientSession() as session:
        posting = asyncio.create_task(session.post(f"{url}/v1/logs/drained", data=body()))
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert process.returncode is None
        async with aiohttp.ClientSession() as another:
            refused = await asyncio.gather(another.get(f"{url}/healthz"), return_exceptions=True)
        assert isinstance(refused[0], aiohttp.ClientConnectionError)
        closing.set()
        assert (await posting).status == 200
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    (made,) = kafka_log.batches("drained")
    assert [record.path for record in made.records] == ["/vod/drained/segment-1.ts"]


async def test_sigterm_without_traffic_exits_at_once(stack: Stack, tmp_path: Path) -> None:
    async with running(stack, tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_a_wrong_setting_exits_with_2_and_names_the_variable() -> None:
    process = await start(COLLECTOR_KAFKA_BOOTSTRAP="127.0.0.1:1")
    _, text = await process.communicate()
    assert (process.returncode, b"COLLECTOR_SOURCES_FILE is not set" in text) == (2, True)


async def test_a_wrong_producer_property_exits_with_2_and_names_the_file(tmp_path: Path) -> None:
    sources, properties = tmp_path / "sources.yaml", tmp_path / "kafka.properties"
    sources.write_text(yaml.safe_dump({"sources": [OPEN_SOURCE]}))
    properties.write_text("colour=red\n")
    process = await start(
        COLLECTOR_KAFKA_BOOTSTRAP="127.0.0.1:1",
        COLLECTOR_SOURCES_FILE=str(sources),
        COLLECTOR_KAFKA_PROPERTIES_FILE=str(properties),
    )
    _, text = await process.communicate()
    assert (process.returncode, b"COLLECTOR_KAFKA_PROPERTIES_FILE" in text) == (2, True)


async def test_a_collector_that_has_no_kafka_is_healthy_but_not_ready(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text(yaml.safe_dump({"sources": [OPEN_SOURCE]}))
    process = await start(
        COLLECTOR_KAFKA_BOOTSTRAP="127.0.0.1:1",
        COLLECTOR_SOURCES_FILE=str(sources),
        COLLECTOR_HTTP_PORT="0",
        COLLECTOR_DELIVERY_TIMEOUT_S="1",
        COLLECTOR_DRAIN_TIMEOUT_S="2",
    )
    assert process.stderr is not None
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while (found := re.search(rb"listens on \('([0-9.]+)', (\d+)\)", await process.stderr.readline())) is None:
            pass
        url = f"http://{found[1].decode()}:{found[2].decode()}"
        assert (await session.get(f"{url}/healthz")).status == 200
        assert (await session.get(f"{url}/readyz")).status == 503
        assert (await session.post(f"{url}/v1/logs/drained", data=cloudflare_line("nowhere"))).status == 503
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0
