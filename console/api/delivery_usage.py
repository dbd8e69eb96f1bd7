"""GET /video/v1/delivery-usage: what a customer had delivered, by asset, by hour, or row by row as CSV.

Names, paging and timeframe are those of Mux's API of that name (mux.com/docs/api-reference/video/delivery-usage), so
that its clients need another address and token only. Beyond it: exact milliseconds, and how certain they are.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from psycopg2.extensions import cursor as Cursor

from console import downloads
from console.access.visitors import principal_of
from console.api import parameters, reports
from console.api.parameters import FILTERS, PAGING, Asked, Parameter
from console.api.reports import DeliveryUsage, HourlyUsage
from console.data import usage
from console.keys import DATABASE, NOW
from console.show import csv_lines

BY_ASSET: Final = (*FILTERS, *PAGING)
BY_HOUR: Final = (*FILTERS, *PAGING)
BY_ROW: Final = FILTERS


async def get_by_asset(request: web.Request) -> web.Response:
    """Assets of a timeframe, those with the most delivery first."""
    asked = _asked(request, BY_ASSET)

    def ask(cursor: Cursor) -> DeliveryUsage:
        reached = usage.progress(cursor)
        ranking = usage.ranking(cursor, asked.choice, reached, limit=asked.limit, offset=asked.offset)
        by_tier = usage.tiers(cursor, asked.choice, reached, ranking.assets)
        return reports.delivery_usage(asked, reached, ranking, by_tier, usage.marks(cursor, asked.choice.hours))

    return _json(await request.app[DATABASE].read(ask))


async def get_by_hour(request: web.Request) -> web.Response:
    """Hours of a timeframe, in order."""
    asked = _asked(request, BY_HOUR)

    def ask(cursor: Cursor) -> HourlyUsage:
        reached = usage.progress(cursor)
        slices, marks = usage.slices(cursor, asked.choice, reached), usage.marks(cursor, asked.choice.hours)
        return reports.hourly_usage(asked, reached, slices, marks)

    return _json(await request.app[DATABASE].read(ask))


async def get_csv(request: web.Request) -> web.StreamResponse:
    """Every row of a timeframe, one an hour, environment, asset and tier."""
    asked = _asked(request, BY_ROW)
    values = asked.choice.values(await request.app[DATABASE].read(usage.progress))
    name = "delivery-usage-{}-{}.csv".format(*asked.timeframe)
    return await downloads.send(request, name, "usage_rows", values, csv_lines.USAGE_HEAD, csv_lines.usage_line)


def _asked(request: web.Request, known: tuple[Parameter, ...]) -> Asked:
    return parameters.parse(request.query, known, principal_of(request), request.app[NOW]())


def _json(report: DeliveryUsage | HourlyUsage) -> web.Response:
    return web.Response(body=reports.encode(report), content_type="application/json")
