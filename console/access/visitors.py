"""Who a request is from, and what it may do. Pages are for operators; the API is for holders of any token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from collectors.trust.loopback import is_loopback
from console.access.tokens import EVERYBODY, Principal
from console.keys import RATE_LIMIT, SESSIONS, SETTINGS, TOKENS
from console.settings import Auth

COOKIE: Final = "console_session"
_PRINCIPAL: Final = web.RequestKey("principal", Principal)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_operators(handler: Handler) -> Handler:
    """A page that only operators see; everybody else is sent to log in, and back."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        principal = visitor(request)
        if principal is None:
            raise web.HTTPSeeOther(URL("/login").with_query(next=request.path_qs))
        if request.method == "POST":
            check_origin(request)
        request[_PRINCIPAL] = principal
        return await handler(request)

    return guarded


def for_tokens(handler: Handler) -> Handler:
    """What holders of a token may ask, each for its own environments, and not too often."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        principal = _token_holder(request)
        wait_s = request.app[RATE_LIMIT].wait_s(principal.name)
        if wait_s:
            raise web.HTTPTooManyRequests(
                text=f"{principal.name} may go on in {wait_s} s", headers={"Retry-After": str(wait_s)}
            )
        request[_PRINCIPAL] = principal
        return await handler(request)

    return guarded


def principal_of(request: web.Request) -> Principal:
    """Whom a guarded handler works for."""
    return request[_PRINCIPAL]


def visitor(request: web.Request) -> Principal | None:
    """The operator who looks at the pages; None where one has to log in. Raises HTTPForbidden."""
    if request.app[SETTINGS].auth is Auth.NONE:
        return _local(request)
    return request.app[SESSIONS].find(request.cookies.get(COOKIE, ""))


def check_origin(request: web.Request) -> None:
    """Raise HTTPForbidden where a form was sent from another site."""
    if urlsplit(request.headers.get("Origin", "")).netloc != request.host:
        raise web.HTTPForbidden(text="this form was not sent from this site")


def _token_holder(request: web.Request) -> Principal:
    presented = _presented(request)
    if presented is None and request.app[SETTINGS].auth is Auth.NONE:
        return _local(request)
    principal = None if presented is None else request.app[TOKENS].holder(presented)
    if principal is None:
        raise web.HTTPUnauthorized(
            text="give a valid token, as `Authorization: Bearer` or as the password of Basic authentication",
            headers={"WWW-Authenticate": 'Bearer realm="usage"'},
        )
    return principal


def _local(request: web.Request) -> Principal:
    """Whoever is on this machine. A name that leads here from elsewhere (DNS rebinding) is refused."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        raise web.HTTPForbidden(text=f"{request.host} is no name of this machine: open it by 127.0.0.1 or localhost")
    return EVERYBODY


def _presented(request: web.Request) -> str | None:
    """The token of a request: a Bearer's, or the password of Basic (RFC 7617), whatever the user's name is."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None if not scheme else ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
