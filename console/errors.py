"""What a refused request is told: problem JSON (RFC 9457) by the API, a page by everything else."""

from __future__ import annotations

import json
import logging
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from console.api.routes import PREFIX
from console.data.database import Busy, Unavailable
from console.pages.render import render
from console.query import InvalidQuery
from ops.hours import InvalidHour

log = logging.getLogger(__name__)

_NOTHING_MORE: Final = "There is nothing to see at this address."
_RETRY_AFTER_S: Final = {Busy: "2", Unavailable: "10"}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer; what nobody foresaw is aiohttp's to log, as status 500."""
    try:
        return await handler(request)
    except (InvalidQuery, InvalidHour) as error:
        return _answer(request, web.HTTPBadRequest(text=str(error)))
    except Unavailable as error:
        log.warning("%s: %s", request.path, error)
        retry_after = {"Retry-After": _RETRY_AFTER_S[type(error)]}
        return _answer(request, web.HTTPServiceUnavailable(text=str(error), headers=retry_after))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, error)


def _answer(request: web.Request, error: web.HTTPException) -> web.Response:
    kept = {name: error.headers[name] for name in ("Retry-After", "WWW-Authenticate", "Allow") if name in error.headers}
    detail = _detail(error)
    if request.path.startswith(PREFIX):
        response = _problem(error, detail)
    else:
        response = render(
            request, "error.html", status=error.status, title=error.reason, detail=detail or _NOTHING_MORE
        )
    response.headers.update(kept)
    return response


def _detail(error: web.HTTPException) -> str:
    """What the handler said, without aiohttp's own `404: Not Found`."""
    text = error.text or ""
    return "" if text.startswith(f"{error.status}: ") else text


def _problem(error: web.HTTPException, detail: str) -> web.Response:
    problem = {"type": "about:blank", "title": error.reason, "status": error.status}
    if detail:
        problem["detail"] = detail
    return web.Response(status=error.status, body=json.dumps(problem).encode(), content_type="application/problem+json")
