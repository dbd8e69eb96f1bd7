"""The collector as one aiohttp application: what it is made of, in the order in which it starts and stops."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web
from confluent_kafka import KafkaException

from collectors.build import BUILD_ID
from collectors.completeness.minutes import Completeness
from collectors.intake import Intake
from collectors.kafka.clock_check import ClockCheck
from collectors.kafka.config import producer_config
from collectors.kafka.heartbeat import Heart
from collectors.kafka.publisher import Publisher
from collectors.kafka.totals import AcknowledgedTotals
from collectors.limits.budget import ByteBudget
from collectors.metrics import Metrics
from collectors.origin import Origin
from collectors.routes.keys import (
    BUDGET,
    CLOCK,
    CLOCK_CHECK,
    COMPLETENESS,
    INTAKE,
    LIMITS,
    LISTENERS,
    METRICS,
    PUBLISHER,
    SIGNING_KEYS,
    SOURCES,
    STATUS_CREDENTIALS,
)
from collectors.routes.site import FIRST_HEADERS, FirstHeaders
from collectors.routes.table import add_routes
from collectors.settings import InvalidSettings, Settings
from collectors.sources import Sources
from collectors.spool.wiring import door
from collectors.supervision import supervise
from collectors.syslog.listener import new_listener
from collectors.syslog.memory import SyslogMemory
from collectors.syslog.surroundings import Surroundings
from collectors.trust.signing_keys import SigningKeys


def create_app(settings: Settings, sources: Sources) -> web.Application:
    """A collector. Starting the application starts producer, heartbeats and syslog; stopping it drains them."""
    app = web.Application()
    app[SOURCES] = sources
    app[LIMITS] = settings.limits
    app[CLOCK] = settings.clock
    app[BUDGET] = ByteBudget(settings.memory_limit_bytes)
    app[METRICS] = Metrics(sources.cdns())
    app[COMPLETENESS] = Completeness(settings.clock, sources.silent_after_s())
    app[STATUS_CREDENTIALS] = settings.status_credentials
    app[SIGNING_KEYS] = SigningKeys(app[METRICS].signing_key_fetches)
    app[LISTENERS] = []
    app[FIRST_HEADERS] = FirstHeaders(
        timeout_s=settings.connections.header_timeout_s,
        on_refused=lambda reason: app[METRICS].refused_connections.labels("-", reason).inc(),
    )
    add_routes(app)
    app.on_cleanup.append(_forget_keys)
    app.cleanup_ctx.append(partial(_kafka, settings))
    app.on_startup.append(partial(_listen, settings))
    return app


async def _kafka(settings: Settings, app: web.Application) -> AsyncIterator[None]:
    totals = AcknowledgedTotals()
    origin = Origin(build=BUILD_ID, boot_id=secrets.token_hex(8))
    config = producer_config(settings)
    try:
        publisher = Publisher(config, clock=settings.clock, totals=totals, metrics=app[METRICS])
    except KafkaException as error:
        raise InvalidSettings(f"COLLECTOR_KAFKA_PROPERTIES_FILE: {error}") from error
    async with publisher:
        app[PUBLISHER] = publisher
        intake = Intake(publisher=publisher, metrics=app[METRICS], completeness=app[COMPLETENESS], origin=origin)
        if settings.clock_is_real:
            app[CLOCK_CHECK] = ClockCheck(settings.clock, publisher.broker_time_ms)
        heart = Heart(
            publisher=publisher,
            totals=totals,
            metrics=app[METRICS],
            origin=origin,
            interval_s=settings.heartbeat_interval_s,
        )
        beating = asyncio.create_task(heart.beat_forever(), name="heartbeat")
        supervise(beating, publisher.fatal)
        spooling = door(settings, app[SOURCES], intake, metrics=app[METRICS], fatal=publisher.fatal)
        async with spooling as app[INTAKE]:
            yield
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        # The last one tells the final totals: of everything that was queued, whoever still waits for it.
        await publisher.flush()
        await heart.beat()


async def _forget_keys(app: web.Application) -> None:
    await app[SIGNING_KEYS].close()


async def _listen(settings: Settings, app: web.Application) -> None:
    surroundings = Surroundings(
        intake=app[INTAKE],
        clock=settings.clock,
        metrics=app[METRICS],
        memory=SyslogMemory(app[BUDGET]),
        flush_interval_s=settings.syslog_flush_interval_s,
    )
    for source in app[SOURCES].syslog():
        listener = new_listener(source, surroundings)
        await listener.start()
        app[LISTENERS].append(listener)
