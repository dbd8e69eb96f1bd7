"""A collector of the routes' tests, served as in production: site, limits of connections, TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from collectors.routes.site import FIRST_HEADERS, FirstHeaders, HttpSite
from collectors.routes.table import SERVER_OPTIONS
from collectors.settings import ConnectionLimits, Limits
from collectors.trust.tls import ServerTls

SECRET = "a-secret-of-acme-1234"
BEARER = {"Authorization": f"Bearer {SECRET}"}


class World:
    """A collector, its address, and a session of a client."""

    def __init__(self, collector: Any, url: str, session: aiohttp.ClientSession) -> None:
        self.collector = collector
        self.url = url
        self.session = session

    async def post(self, source: str, data: Any, **options: Any) -> aiohttp.ClientResponse:
        """Post a delivery with the right credential, unless another is given."""
        headers = {**BEARER, **options.pop("headers", {})}
        return await self.session.post(f"{self.url}/v1/logs/{source}", data=data, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        """Ask for something."""
        return await self.session.get(f"{self.url}{path}", **options)

    async def raw(self, request: bytes) -> bytes:
        """All that comes back on a connection of its own."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        return answer

    def metric(self, name: str, **labels: str) -> float:
        """Its value; 0 while it has none."""
        value: float | None = self.collector.metrics.registry.get_sample_value(name, labels)
        return value or 0

    def outcome(self, source: str, reason: str) -> float:
        """Deliveries that ended so."""
        return self.metric("collector_deliveries_total", source=source, outcome=reason)


Serve = Callable[..., AbstractAsyncContextManager[World]]


@asynccontextmanager
async def serving(
    collector_type: Any,
    *,
    memory: int = 64 * 1024 * 1024,
    connections: ConnectionLimits | None = None,
    tls: ServerTls | None = None,
    prepare: Callable[[Any], None] | None = None,
    **limits: Any,
) -> AsyncIterator[World]:
    """Serve a collector; `prepare` changes it before it starts, `limits` are fields of Limits."""
    bounds = connections or ConnectionLimits()
    collector = collector_type(Limits(**limits), memory)
    if prepare is not None:
        prepare(collector)
    collector.app[FIRST_HEADERS] = first_headers = FirstHeaders(
        timeout_s=bounds.header_timeout_s,
        on_refused=lambda reason: collector.metrics.refused_connections.labels("-", reason).inc(),
    )
    runner = web.AppRunner(
        collector.app, keepalive_timeout=bounds.idle_timeout_s, shutdown_timeout=0.1, **SERVER_OPTIONS
    )
    await runner.setup()
    site = HttpSite(
        runner, "127.0.0.1", 0, first_headers=first_headers, max_connections=bounds.max_connections, tls=tls
    )
    await site.start()
    try:
        async with aiohttp.ClientSession() as session:
            scheme = "http" if tls is None else "https"
            yield World(collector, f"{scheme}://127.0.0.1:{runner.addresses[0][1]}", session)
    finally:
        await runner.cleanup()
