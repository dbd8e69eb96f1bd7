"""GET /audit: whether everything that must be equal is, and when that was looked at. POST looks again."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Final

from aiohttp import web

from console.data import ledger, usage
from console.keys import AUDITOR, DATABASE, NOW, SETTINGS
from console.pages.render import render
from ops import hours
from ops.hours import Hours

_UNRESOLVED: Final = 20
#: Seconds that whoever asks for an audit waits for it; after that the page says that it is running.
_PATIENCE_S: Final = 5.0


async def get_audit(request: web.Request) -> web.Response:
    """The page. Raises Unavailable."""
    auditor, days = request.app[AUDITOR], request.app[SETTINGS].audit_days
    last = hours.floor(request.app[NOW]())
    period = Hours(last - days * 24 * hours.HOUR, last)
    unresolved = await request.app[DATABASE].read(partial(ledger.unresolved, period=period, limit=_UNRESOLVED))
    reached = await request.app[DATABASE].read(usage.progress)
    return render(
        request,
        "audit.html",
        found=auditor.latest,
        running_since=auditor.running_since,
        unresolved=unresolved,
        progress=reached,
        days=days,
        interval_s=request.app[SETTINGS].audit_interval_s,
    )


async def post_audit(request: web.Request) -> web.Response:
    """Run it now, and show the page: with the result, if it is quick."""
    request.app[AUDITOR].ask()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            await request.app[AUDITOR].next()
    raise web.HTTPSeeOther("/audit")
