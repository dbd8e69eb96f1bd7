"""The dialect of every sender without one: a body is its own identity, a status is answer enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from collectors.framing.unwrap import lines_of
from collectors.routes.dialect import Contents, Dialect
from collectors.routes.refusals import Refused
from schemas.batch import delivery_id_of_body


def unwrap_plain(framing: str, headers: Mapping[str, str], body: bytes) -> Contents:
    """The lines of a body, identified by its hash."""
    del headers
    return Contents(delivery_id_of_body(body), lines_of(body, framing))


def answer_plain(request: web.Request, refused: Refused | None) -> web.Response:
    """200 with nothing to read, or the refusal's status and message."""
    del request
    if refused is None:
        return web.Response()
    refusal = refused.refusal
    headers = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
    return web.Response(status=refusal.status, text=f"{refusal.message}\n", headers=headers)


PLAIN: Final = Dialect(unwrap=unwrap_plain, answer=answer_plain)
