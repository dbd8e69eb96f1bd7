"""A CSV file that is sent while it is read: its size does not matter, its reader's speed does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aiohttp import web

from console.data.database import Row
from console.keys import DATABASE, SETTINGS
from console.show import csv_lines

_Line = Callable[[Row], Sequence[object]]
_UTF8_CSV: Final = "text/csv; charset=utf-8; header=present"


async def send(
    request: web.Request, name: str, statement: str, values: Mapping[str, object], head: Sequence[str], line: _Line
) -> web.StreamResponse:
    """The rows of a statement as the file `name`. What fails midway ends the connection: no file looks complete."""
    async with request.app[DATABASE].rows(statement, values) as chunks:
        # The first rows before the first byte: what cannot be asked at all gets a proper answer.
        first: list[Row] = await anext(chunks, [])
        response = web.StreamResponse(
            headers={"Content-Type": _UTF8_CSV, "Content-Disposition": f'attachment; filename="{name}"'}
        )
        await response.prepare(request)
        try:
            async with asyncio.timeout(request.app[SETTINGS].download_timeout_s):
                await response.write(csv_lines.text([head, *map(line, first)]))
                async for rows in chunks:
                    await response.write(csv_lines.text(map(line, rows)))
                await response.write_eof()
        except BaseException:
            if request.transport is not None:
                request.transport.abort()
            raise
    return response
