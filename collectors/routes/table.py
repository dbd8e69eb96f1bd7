"""Every route of a collector."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from collectors.routes import deliveries, fastly_challenge, health, status
from collectors.routes.body import OPENERS, new_openers
from collectors.routes.drain import DRAIN, Drain, count_requests
from collectors.routes.server_log import SERVER_LOG
from collectors.routes.site import note_header

#: How aiohttp is to serve them.
SERVER_OPTIONS: Final[dict[str, Any]] = {
    # Bodies are decompressed within our own limits.
    "auto_decompress": False,
    # URLs may hold tokens.
    "access_log": None,
    # And so does what aiohttp says of a header that it cannot read.
    "logger": SERVER_LOG,
    # Bytes of the request line and of a header's line, and lines of a header: aiohttp's own defaults, which the
    # documentation names.
    "max_line_size": 8_190,
    "max_field_size": 8_190,
    "max_headers": 128,
}


def add_routes(app: web.Application) -> None:
    """Add all routes, and a drain that knows of their requests.

    Handlers find what they need under the keys of collectors/routes/keys.py.
    """
    app[DRAIN] = Drain()
    app[OPENERS] = new_openers()
    app.middlewares.extend([note_header, count_requests])
    app.router.add_post(deliveries.PATH, deliveries.post_logs)
    app.router.add_get(fastly_challenge.PATH, fastly_challenge.get_challenge)
    app.router.add_get(status.PATH, status.get_status)
    app.router.add_get("/healthz", health.get_healthz)
    app.router.add_get("/readyz", health.get_readyz)
    app.router.add_get("/metrics", health.get_metrics)
