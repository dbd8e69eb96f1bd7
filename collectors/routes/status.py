"""GET /v1/status: what has arrived by source and minute (collectors/completeness/minutes.py), as JSON.

It holds no secret but names customers' sources. With COLLECTOR_STATUS_TOKEN_FILE, a request needs one of its tokens
as `Authorization: Bearer`; without, it must come from this machine, and not through a proxy on it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from collectors.completeness.minutes import KEPT_MINUTES
from collectors.routes.keys import COMPLETENESS, STATUS_CREDENTIALS
from collectors.trust.loopback import is_loopback

PATH: Final = "/v1/status"
_BEARER: Final = "Bearer "
#: Set by proxies: where there is one, the peer's address says nothing of who asks.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For")


async def get_status(request: web.Request) -> web.Response:
    """The report; `?minutes=` limits it to the last ones."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    try:
        minutes = int(request.query.get("minutes", KEPT_MINUTES))
    except ValueError:
        return web.Response(status=400, text="minutes is no whole number\n")
    report = request.app[COMPLETENESS].report(min(max(minutes, 0), KEPT_MINUTES))
    return web.Response(body=msgspec.json.encode(report), content_type="application/json")


def _refusal(request: web.Request) -> web.Response | None:
    credentials = request.app[STATUS_CREDENTIALS]
    if not credentials:
        text = "asked from another machine: set COLLECTOR_STATUS_TOKEN_FILE\n"
        return None if _is_local(request) else web.Response(status=403, text=text)
    given = request.headers.get("Authorization", "")
    if given.startswith(_BEARER) and credentials.accept(given.removeprefix(_BEARER).strip()):
        return None
    return web.Response(status=401, text="no valid token\n", headers={"WWW-Authenticate": "Bearer"})


def _is_local(request: web.Request) -> bool:
    return is_loopback(request.remote or "") and not any(name in request.headers for name in _FORWARDED)
