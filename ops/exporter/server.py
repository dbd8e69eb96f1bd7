"""The exporter's server: readings in the background, their figures at /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from ops.exporter import audits, billing, failures
from ops.exporter.figures import Figures
from ops.exporter.reading import Reading
from ops.exporter.settings import Settings
from ops.exporter.topics import Topics


async def serve(readings: Sequence[Reading], host: str, port: int) -> None:
    """Read and answer until cancelled. A reading that fails other than by NotRead ends it: half would go unnoticed."""
    figures = Figures()
    runner = web.AppRunner(create_app(figures), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        async with asyncio.TaskGroup() as group:
            for reading in readings:
                group.create_task(figures.keep(reading), name=reading.name)
    finally:
        await runner.cleanup()


def create_app(figures: Figures) -> web.Application:
    """/metrics, and /healthz for whoever restarts what has stopped answering."""
    registry = CollectorRegistry()
    registry.register(figures)

    async def get_metrics(_: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(body=generate_latest(registry), headers=headers)

    async def get_healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.router.add_get("/metrics", get_metrics)
    app.router.add_get("/healthz", get_healthz)
    return app


def readings_of(settings: Settings) -> list[Reading]:
    """What these settings ask to read."""
    dsn, interval_s = settings.billing_dsn, settings.interval_s
    wanted = [
        Reading(name="billing", interval_s=interval_s, read=partial(asyncio.to_thread, billing.read, dsn)),
        Reading(
            name="audit",
            interval_s=settings.audit_interval_s,
            read=partial(asyncio.to_thread, audits.read, dsn, settings.audit_days, settings.audit_wait_s),
        ),
    ]
    if settings.kafka is not None:
        topics = Topics(settings.kafka)
        wanted.append(Reading(name="topics", interval_s=interval_s, read=partial(asyncio.to_thread, topics.read)))
    if settings.flink_urls:
        told = partial(failures.read, settings.flink_urls)
        wanted.append(Reading(name="failures", interval_s=interval_s, read=told))
    return wanted
