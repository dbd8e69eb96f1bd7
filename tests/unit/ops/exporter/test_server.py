"""The exporter's server, and what it is asked to read."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest
from prometheus_client.core import GaugeMetricFamily

from local.ports import free_base
from ops.exporter.reading import Reading, family
from ops.exporter.server import readings_of, serve
from ops.exporter.settings import Settings
from schemas.metrics import exporter as defined


@pytest.fixture
def port() -> int:
    return free_base()


async def answers(url: str) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session, asyncio.timeout(10):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(url) as answer:
                    await answer.read()
                    return answer
            await asyncio.sleep(0.01)


async def test_metrics_and_health_are_served_until_it_is_cancelled(port: int) -> None:
    async def read() -> list[GaugeMetricFamily]:
        return [family(defined.UNRESOLVED_ASSETS, [((), 2)])]

    reading = Reading(name="billing", interval_s=3600, read=read)
    serving = asyncio.create_task(serve([reading], "127.0.0.1", port))
    metrics = await answers(f"http://127.0.0.1:{port}/metrics")
    assert metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "billing_unresolved_assets 2.0" in await metrics.text()
    assert (await answers(f"http://127.0.0.1:{port}/healthz")).status == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_broken_reading_ends_the_server(port: int) -> None:
    async def read() -> list[GaugeMetricFamily]:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised:
        await serve([Reading(name="billing", interval_s=3600, read=read)], "127.0.0.1", port)
    assert raised.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(billing_dsn="postgresql://db"), ["billing", "audit"]),
        (
            Settings(
                billing_dsn="postgresql://db",
                kafka={"bootstrap.servers": "127.0.0.1:1", "log_level": 0},
                flink_urls=("http://flink:8081",),
            ),
            ["billing", "audit", "topics", "failures"],
        ),
    ],
    ids=["only the database", "everything"],
)
def test_what_has_no_address_is_not_read(settings: Settings, names: list[str]) -> None:
    assert [reading.name for reading in readings_of(settings)] == names
