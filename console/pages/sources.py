"""GET /sources: what each source has sent, how late, and which ones are silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from aiohttp import web
from psycopg2.extensions import cursor as Cursor

from collectors.completeness.minutes import Report
from console.data import ledger, usage
from console.data.ledger import SourceHour, Watermark
from console.data.usage import Marks, Progress
from console.keys import DATABASE, NOW, SETTINGS
from console.pages.render import render
from console.show import charts, period
from console.show.charts import Chart
from ops import arrivals, hours
from ops.arrivals import Arrival
from ops.collectors import NoAnswer, ask_all
from ops.hours import Hours

#: Hours of event time that are looked up in the ledger: as many as the billing horizon has.
_HOURS: Final = 48


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database knows of sources."""

    period: Hours
    progress: Progress
    watermarks: tuple[Watermark, ...]
    hours: tuple[SourceHour, ...]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What collectors say."""

    arrivals: tuple[Arrival, ...]
    answered: int
    missing: tuple[str, ...]


async def get_sources(request: web.Request) -> web.Response:
    """The page. Raises Unavailable."""
    known = await request.app[DATABASE].read(partial(read, now=request.app[NOW]()))
    told = await ask(request)
    return render(
        request,
        "sources.html",
        told=told,
        asked=request.app[SETTINGS].collectors is not None,
        known=known,
        sums=ledger.by_source(known.hours),
        chart=chart(known),
        spans=arrivals.SPANS,
        period_text=period.show(known.period),
    )


def read(cursor: Cursor, now: datetime) -> Known:
    """Ask the database for all of it."""
    shown = window(ledger.newest_hour(cursor, now), now)
    return Known(
        period=shown,
        progress=usage.progress(cursor),
        watermarks=tuple(ledger.watermarks(cursor)),
        hours=tuple(ledger.source_hours(cursor, shown)),
    )


async def ask(request: web.Request) -> Told:
    """Ask every collector, as `ops.sources` does."""
    collectors = request.app[SETTINGS].collectors
    answers: Sequence[Report | NoAnswer] = []
    if collectors is not None:
        answers = await ask_all(collectors.urls, collectors.token)
    reports = [answer for answer in answers if isinstance(answer, Report)]
    return Told(
        arrivals=tuple(arrivals.merge(reports)),
        answered=len(reports),
        missing=tuple(str(answer) for answer in answers if isinstance(answer, NoAnswer)),
    )


def window(newest: datetime | None, now: datetime) -> Hours:
    """The last hours up to now, or up to the newest that has anything where all of those are empty."""
    last = hours.floor(now)
    if newest is not None and newest <= last - _HOURS * hours.HOUR:
        last = newest
    return Hours(last - (_HOURS - 1) * hours.HOUR, last)


def chart(known: Known) -> Chart:
    """Records by hour of event time and source, in the colours of their order."""
    addends: list[tuple[datetime, str, int]] = [(each.hour, each.source_id, each.records) for each in known.hours]
    names = sorted({each.source_id for each in known.hours})
    legend = charts.legend(charts.StackBy.ENVIRONMENT, names)
    return charts.build(known.period, addends, legend, known.progress, Marks())
