"""A CSV file that is sent while it is read: its size does not matter, its reader's speed does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from console.data.database import Row, Unavailable
from console.keys import DATABASE, SETTINGS
from console.show import csv_lines

log = logging.getLogger(__name__)

_Line = Callable[[Row], Sequence[object]]
_UTF8_CSV: Final = "text/csv; charset=utf-8; header=present"


async def send(
    request: web.Request, name: str, statement: str, values: Mapping[str, object], head: Sequence[str], line: _Line
) -> web.StreamResponse:
    """The rows of a statement as the file `name`. Raises Unavailable before the first byte.

    What fails midway, or takes too long, ends the connection: no file looks complete that is not.
    """
    response = web.StreamResponse(
        headers={"Content-Type": _UTF8_CSV, "Content-Disposition": f'attachment; filename="{name}"'}
    )
    try:
        async with request.app[DATABASE].rows(statement, values) as chunks, _cut_off_on_failure(request, response):
            # The first rows before the first byte: what cannot be asked at all gets a proper answer.
            first: list[Row] = await anext(chunks, [])
            await response.prepare(request)
            async with asyncio.timeout(request.app[SETTINGS].download_timeout_s):
                await response.write(csv_lines.text([head, *map(line, first)]))
                async for rows in chunks:
                    await response.write(csv_lines.text(map(line, rows)))
                await response.write_eof()
    except (Unavailable, TimeoutError):
        if not response.prepared:
            raise
    return response


@asynccontextmanager
async def _cut_off_on_failure(request: web.Request, response: web.StreamResponse) -> AsyncIterator[None]:
    try:
        yield
    except BaseException as error:
        if response.prepared and request.transport is not None:
            log.warning("a download of %s was cut off by %s", request.path, type(error).__name__)
            request.transport.abort()
        raise
