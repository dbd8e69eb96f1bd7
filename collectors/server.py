"""The program around the application: start, serve, and drain on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import Any, Final

from aiohttp import web

from collectors.app import create_app
from collectors.build import BUILD_ID
from collectors.limits.log_limit import LogLimit
from collectors.limits.open_files import make_room_for
from collectors.routes.drain import DRAIN
from collectors.routes.keys import (
    LISTENERS,
    PUBLISHER,
)
from collectors.routes.site import FIRST_HEADERS, HttpSite
from collectors.routes.table import SERVER_OPTIONS
from collectors.settings import InvalidSettings, Settings, read_settings
from collectors.sources import InvalidSources, load_sources
from collectors.supervision import supervise
from collectors.syslog.stream import StreamListener
from collectors.trust.tls import InvalidTls, ServerTls, reload_forever

log = logging.getLogger(__name__)

_EXIT_INVALID: Final = 2
_EXIT_FATAL: Final = 1
#: Seconds for what is left of a connection once its requests have been drained.
_CLOSING_S: Final = 1.0
#: Seconds between looks at the files of TLS certificates.
_RELOAD_S: Final = 60.0


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
