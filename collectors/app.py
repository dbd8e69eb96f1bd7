"""The collector as one aiohttp application, and the program around it."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

from aiohttp import web
from confluent_kafka import KafkaException

from collectors.budget import ByteBudget
from collectors.build import BUILD_ID
from collectors.clock_check import ClockCheck
from collectors.completeness import Completeness
from collectors.heartbeat import Heart
from collectors.intake import Intake
from collectors.kafka_config import producer_config
from collectors.log_limit import LogLimit
from collectors.metrics import Metrics
from collectors.open_files import make_room_for
from collectors.origin import Origin
from collectors.publisher import Publisher
from collectors.routes.drain import DRAIN
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
from collectors.routes.site import FIRST_HEADERS, FirstHeaders, HttpSite
from collectors.routes.table import SERVER_OPTIONS, add_routes
from collectors.settings import InvalidSettings, Settings, read_settings
from collectors.signing_keys import SigningKeys
from collectors.sources import InvalidSources, Sources, load_sources
from collectors.spool.wiring import door
from collectors.supervision import supervise
from collectors.syslog.listener import new_listener
from collectors.syslog.memory import SyslogMemory
from collectors.syslog.stream import StreamListener
from collectors.syslog.surroundings import Surroundings
from collectors.tls import InvalidTls, ServerTls, reload_forever
from collectors.totals import AcknowledgedTotals

log = logging.getLogger(__name__)

_EXIT_INVALID: Final = 2
_EXIT_FATAL: Final = 1
#: Seconds for what is left of a connection once its requests have been drained.
_CLOSING_S: Final = 1.0
#: Seconds between looks at the files of TLS certificates.
_RELOAD_S: Final = 60.0


def create_app(settings: Settings, sources: Sources) -> web.Application:
    """A collector. Starting the application starts producer, heartbeats and syslog; stopping it drains them."""
    app = web.Application()
    app[SOURCES] = sources
    app[LIMITS] = settings.limits
    app[CLOCK] = settings.clock
    app[BUDGET] = ByteBudget(settings.memory_limit_bytes)
    app[METRICS] = Metrics()
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


async def main() -> int:
    """Run a collector by its environment until SIGTERM or SIGINT; returns the process's exit status."""
    handler = logging.StreamHandler()
    handler.addFilter(LogLimit())
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[handler]
    )
    try:
        settings = read_settings(os.environ)
        sources = load_sources(
            settings.sources_file,
            http_host=settings.http_host,
            environ=os.environ,
            has_client_ca=settings.tls is not None and settings.tls.client_ca is not None,
        )
        make_room_for(settings.connections.max_connections + sources.max_syslog_connections())
        return await serve(create_app(settings, sources), settings)
    except (InvalidSettings, InvalidSources, InvalidTls) as error:
        log.critical("%s", error)
        return _EXIT_INVALID


async def serve(app: web.Application, settings: Settings) -> int:
    """Serve until told to stop, then drain. 1 if it cannot go on."""
    stop = _stop_signal()
    tls = None if settings.tls is None else ServerTls(settings.tls)
    idle_timeout_s = settings.connections.idle_timeout_s
    runner = web.AppRunner(app, shutdown_timeout=_CLOSING_S, keepalive_timeout=idle_timeout_s, **SERVER_OPTIONS)
    await runner.setup()
    site = HttpSite(
        runner,
        settings.http_host,
        settings.http_port,
        first_headers=app[FIRST_HEADERS],
        max_connections=settings.connections.max_connections,
        tls=tls,
    )
    await site.start()
    reloading = _reload_certificates(app, tls)
    log.info("collector %s listens on %s", BUILD_ID, ", ".join(str(address) for address in runner.addresses))
    fatal = await _first(stop, app[PUBLISHER].fatal)
    reloading.cancel()
    await site.stop()
    await drain(app, settings.drain_timeout_s)
    await runner.cleanup()
    if fatal is not None:
        log.critical("cannot go on: %s", fatal)
    return 0 if fatal is None else _EXIT_FATAL


def _reload_certificates(app: web.Application, http: ServerTls | None) -> asyncio.Task[None]:
    syslog = [listener.tls for listener in app[LISTENERS] if isinstance(listener, StreamListener)]
    servers = [tls for tls in (http, *syslog) if tls is not None]
    task = asyncio.create_task(reload_forever(servers, _RELOAD_S), name="reloading certificates")
    supervise(task, app[PUBLISHER].fatal)
    return task


async def drain(app: web.Application, timeout_s: float) -> None:
    """Bring every begun request to its answer and every syslog line that was read to Kafka, within a time."""
    await asyncio.gather(app[DRAIN].finish(timeout_s), *(listener.stop(timeout_s) for listener in app[LISTENERS]))


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first(stop: asyncio.Event, fatal: asyncio.Future[str]) -> str | None:
    """Wait for either; why the collector cannot go on, or None if told to stop."""
    stopped = asyncio.create_task(stop.wait())
    either: set[asyncio.Future[Any]] = {stopped, fatal}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    return fatal.result() if fatal.done() else None
