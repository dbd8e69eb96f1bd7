"""The routes on a real HTTP server, in front of a producer without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from collectors.completeness.minutes import Completeness
from collectors.intake import Intake
from collectors.limits.budget import ByteBudget
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.parsers.cdn77 import ColumnOptions, csv_header
from collectors.parsers.registry import FORMATS
from collectors.routes.keys import (
    BUDGET,
    CLOCK,
    COMPLETENESS,
    INTAKE,
    LIMITS,
    METRICS,
    PUBLISHER,
    SIGNING_KEYS,
    SOURCES,
    STATUS_CREDENTIALS,
)
from collectors.routes.table import SERVER_OPTIONS, add_routes
from collectors.settings import Limits
from collectors.sources import Source, Sources
from collectors.trust.credentials import Credentials, hash_of
from collectors.trust.signing_keys import SigningKeys
from tests.support.fake_kafka import FakeProducer, TurnedClock, publisher
from tests.support.identity_tokens import IDENTITY

SECRET = "a-secret-of-acme-1234"
NOW = 1_795_417_260_000
MIB = 1024 * 1024


def source(source_id: str, cdn: str, form: str = "json", **different: Any) -> Source:
    known = FORMATS[cdn, form]
    made = Source(
        id=source_id,
        cdn=cdn,
        parse=known.parser(msgspec.convert({}, known.options)),
        framing=known.framing,
        format=known,
        credentials=Credentials(hashes=(hash_of(SECRET),)),
    )
    return replace(made, **different)


class Collector:
    """A collector without syslog: `producer` decides what Kafka says."""

    def __init__(self, limits: Limits, memory: int) -> None:
        self.producer = FakeProducer()
        self.clock = TurnedClock(NOW)
        self.metrics = Metrics()
        self.budget = ByteBudget(memory)
        self.app = web.Application()
        self.app[SOURCES] = Sources(
            [
                source("cloudflare", "cloudflare"),
                source("akamai", "akamai"),
                source("cloudfront", "cloudfront"),
                source("google", "google_cloud_cdn", credentials=Credentials(identities=(IDENTITY,))),
                source("media", "google_media_cdn"),
                source("gcore", "gcore"),
                source("columns", "cdn77", "csv", is_header=csv_header(ColumnOptions(header=True))),
                source("fastly", "fastly", fastly_service_ids=("SU1Z0isxPaozGVKXdv0eY", "7i6HN3TK9wS159v2gPAZ8A")),
                source("open", "fastly", credentials=Credentials()),
            ]
        )
        self.app[LIMITS] = limits
        self.app[CLOCK] = self.clock
        self.app[BUDGET] = self.budget
        self.app[METRICS] = self.metrics
        self.app[COMPLETENESS] = Completeness(self.clock, self.app[SOURCES].silent_after_s())
        self.app[STATUS_CREDENTIALS] = Credentials()
        self.app[SIGNING_KEYS] = SigningKeys(self.metrics.signing_key_fetches)
        add_routes(self.app)
        self.app.cleanup_ctx.append(self._kafka)
        self.client: TestClient[web.Request, web.Application]

    async def _kafka(self, app: web.Application) -> AsyncIterator[None]:
        async with publisher(self.producer, self.clock, metrics=self.metrics) as made:
            app[PUBLISHER] = made
            origin = Origin(build="0123456789ab", boot_id="b007")
            app[INTAKE] = Intake(publisher=made, metrics=self.metrics, completeness=app[COMPLETENESS], origin=origin)
            yield

    def outcomes(self) -> dict[tuple[str, str], float]:
        """Deliveries by source and outcome."""
        samples = [sample for family in self.metrics.registry.collect() for sample in family.samples]
        return {
            (sample.labels["source"], sample.labels["outcome"]): sample.value
            for sample in samples
            if sample.name == "collector_deliveries_total"
        }


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Both event loops where connections are handled; elsewhere they make no difference."""
    if item.path.name != "test_site.py":
        return {"asyncio": asyncio.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


Start = Callable[..., Awaitable[Collector]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a collector with some limits."""
    clients: list[TestClient[web.Request, web.Application]] = []

    async def start_one(memory: int = 64 * MIB, **limits: Any) -> Collector:
        collector = Collector(Limits(**limits), memory)
        server = TestServer(collector.app)
        await server.start_server(**SERVER_OPTIONS)
        collector.client = TestClient(server, auto_decompress=False)
        clients.append(collector.client)
        return collector

    yield start_one
    for client in clients:
        await client.close()


@pytest.fixture
def collector_type() -> type[Collector]:
    """For tests that serve it in their own way."""
    return Collector


@pytest.fixture
async def collector(start: Start) -> Collector:
    """A collector with default limits."""
    return await start()
