"""Logging in with an operator's token, and out."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from console.access.sessions import LIFETIME_S
from console.access.visitors import COOKIE, check_origin, visitor
from console.keys import SESSIONS, SETTINGS, TOKENS
from console.pages.render import render

log = logging.getLogger(__name__)

_WRONG: Final = "This is no operator's token."


async def get_login(request: web.Request) -> web.Response:
    """The form; whoever is in already goes on."""
    target = _target(request.query.get("next", "/"))
    if visitor(request) is not None:
        raise web.HTTPSeeOther(target)
    return render(request, "login.html", next=target, wrong="")


async def post_login(request: web.Request) -> web.Response:
    """Begin a session, kept in a cookie that no script and no other site can use."""
    check_origin(request)
    form = await request.post()
    target = _target(str(form.get("next", "/")))
    principal = request.app[TOKENS].holder(str(form.get("token", "")).strip())
    if principal is None or not principal.is_operator:
        log.warning("a login from %s was refused", request.remote)
        return render(request, "login.html", status=403, next=target, wrong=_WRONG)
    response = web.HTTPSeeOther(target)
    response.set_cookie(
        COOKIE,
        request.app[SESSIONS].begin(principal),
        max_age=LIFETIME_S,
        secure=request.app[SETTINGS].secure,
        httponly=True,
        samesite="Strict",
    )
    log.info("%s logged in", principal.name)
    raise response


async def post_logout(request: web.Request) -> web.Response:
    """End the session, if there is one."""
    check_origin(request)
    request.app[SESSIONS].end(request.cookies.get(COOKIE, ""))
    response = web.HTTPSeeOther("/login")
    response.del_cookie(COOKIE)
    raise response


def _target(text: str) -> str:
    """Where to go on: a page of this site, or the first one."""
    parts = urlsplit(text)
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours and not parts.netloc and not parts.scheme else "/"
