"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from aiohttp import web

from console.data import usage
from console.keys import DATABASE


async def get_healthz(_: web.Request) -> web.Response:
    """200 while the process serves."""
    return web.Response(text="ok\n")


async def get_readyz(request: web.Request) -> web.Response:
    """200 if the database answers, else 503 (console/errors.py)."""
    await request.app[DATABASE].read(usage.progress)
    return web.Response(text="ok\n")
