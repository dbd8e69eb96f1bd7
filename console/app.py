"""The console as one aiohttp application: what it is made of, and what it starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from aiohttp import web

from console import auditor
from console.access import tokens
from console.access.rate import RateLimit
from console.access.sessions import Sessions
from console.access.tokens import Tokens
from console.auditor import Auditor
from console.data.database import Database, with_timeout
from console.errors import answer_errors
from console.headers import protect
from console.keys import AUDITOR, DATABASE, NOW, RATE_LIMIT, SESSIONS, SETTINGS, TEMPLATES, TOKENS
from console.pages.render import new_templates
from console.routes import add_routes
from console.settings import Settings

#: Seconds that one statement of the audit may take.
_AUDIT_STATEMENT_S: Final = 300.0
#: A form holds a token; nothing else is ever sent here.
_MAX_BODY_BYTES: Final = 4_096


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, now: Callable[[], datetime] = _utc_now) -> web.Application:
    """A console. Raises InvalidSetting where the file of tokens is wrong."""
    app = web.Application(middlewares=[answer_errors], client_max_size=_MAX_BODY_BYTES)
    app[SETTINGS] = settings
    app[NOW] = now
    app[TOKENS] = Tokens() if settings.tokens_file is None else tokens.load(settings.tokens_file)
    app[SESSIONS] = Sessions()
    app[RATE_LIMIT] = RateLimit(settings.requests_per_s)
    app[TEMPLATES] = new_templates()
    app.on_response_prepare.append(protect)
    app.cleanup_ctx.append(partial(_database, settings))
    app.cleanup_ctx.append(partial(_auditor, settings))
    add_routes(app)
    return app


async def _database(settings: Settings, app: web.Application) -> AsyncIterator[None]:
    app[DATABASE] = Database(
        settings.billing_dsn, connections=settings.connections, statement_timeout_s=settings.statement_timeout_s
    )
    yield
    app[DATABASE].close()


async def _auditor(settings: Settings, app: web.Application) -> AsyncIterator[None]:
    dsn = with_timeout(settings.billing_dsn, _AUDIT_STATEMENT_S)
    app[AUDITOR] = Auditor(
        run=partial(auditor.run, dsn, settings.audit_settling_s),
        days=settings.audit_days,
        interval_s=settings.audit_interval_s,
        now=app[NOW],
    )
    running = asyncio.create_task(app[AUDITOR].run_forever(), name="audit")
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
