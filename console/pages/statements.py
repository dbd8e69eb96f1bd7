"""GET /statements: what was billed for closed periods, and why earlier hours were adjusted."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from psycopg2.extensions import cursor as Cursor

from console import downloads, query
from console.data import bills, usage
from console.keys import DATABASE
from console.pages.render import render
from console.show import csv_lines
from ops.statement import Statement

_PAGE: Final = 50
_MOST_PAGES: Final = 10_000


async def get_statements(request: web.Request) -> web.Response:
    """The list. Raises InvalidQuery, Unavailable."""
    query.refuse_unknown(request.query, {"environment", "page"})
    environment = query.text(request.query, "environment")
    number = query.number(request.query, "page", default=1, most=_MOST_PAGES)

    def ask(cursor: Cursor) -> tuple[bills.Page, list[str], usage.Progress]:
        page = bills.page(cursor, environment, limit=_PAGE, offset=(number - 1) * _PAGE)
        return page, usage.environment_names(cursor), usage.progress(cursor)

    page, names, reached = await request.app[DATABASE].read(ask)
    return render(
        request,
        "statements.html",
        environment=environment,
        found=page,
        number=number,
        pages=max(1, -(-page.found // _PAGE)),
        environment_names=names,
        progress=reached,
        address=partial(_address, environment),
    )


async def get_statement(request: web.Request) -> web.Response:
    """One statement. Raises HTTPNotFound, Unavailable."""
    found = await _statement(request)
    reached = await request.app[DATABASE].read(usage.progress)
    return render(request, "statement.html", statement=found, progress=reached)


async def get_csv(request: web.Request) -> web.StreamResponse:
    """The lines of one statement. Raises HTTPNotFound, Unavailable."""
    found = await _statement(request)
    name, values = f"statement-{found.statement_id}.csv", {"statement": found.statement_id}
    line = csv_lines.statement_line
    return await downloads.send(request, name, "statement_lines", values, csv_lines.STATEMENT_HEAD, line)


def _address(environment: str | None, number: int) -> str:
    parameters = {"environment": environment or "", "page": str(number)}
    return f"/statements?{urlencode({name: value for name, value in parameters.items() if value})}"


async def _statement(request: web.Request) -> Statement:
    number = int(request.match_info["number"])
    found = await request.app[DATABASE].read(partial(bills.read, statement_id=number))
    if found is None:
        raise web.HTTPNotFound(text=f"there is no statement {number}")
    return found
