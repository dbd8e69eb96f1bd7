"""GET /.well-known/fastly/logging/challenge: which Fastly services may send their logs here.

Fastly asks this host before it sends ("Log streaming: HTTPS"): one lower-case hex SHA-256 of a service id a line. A
line `*` would let anybody's Fastly service in, so it is never given.
"""

from __future__ import annotations

import hashlib
from typing import Final

from aiohttp import web

from collectors.routes.keys import SOURCES

PATH: Final = "/.well-known/fastly/logging/challenge"


async def get_challenge(request: web.Request) -> web.Response:
    """The hashes of all configured services; 404 where there are none."""
    services = request.app[SOURCES].fastly_service_ids()
    if not services:
        raise web.HTTPNotFound
    return web.Response(text="".join(f"{hashlib.sha256(name.encode()).hexdigest()}\n" for name in services))
