"""GET /: usage over time, by environment, tier and asset, and how certain it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from aiohttp import web
from psycopg2.extensions import cursor as Cursor

from console import downloads
from console.data import usage
from console.data.usage import Certainty, Marks, Progress, Ranking, Slice, Sums
from console.keys import DATABASE, NOW
from console.pages import filters
from console.pages.filters import Filters
from console.pages.render import render
from console.show import charts, csv_lines, period, tiers
from console.show.charts import Chart, StackBy
from ops import hours

_ENVIRONMENTS: Final = 8
_ASSETS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything that the page shows, read at one moment."""

    progress: Progress
    ranking: Ranking
    by_tier: tuple[tuple[str, Sums], ...]
    chart: Chart
    marks: Marks
    newest_hour: datetime | None
    environment_names: tuple[str, ...]

    @property
    def biggest_tier_ms(self) -> int:
        return max((sums.delivered_ms for _, sums in self.by_tier), default=0)


async def get_usage(request: web.Request) -> web.Response:
    """The page. Raises InvalidQuery, InvalidHour, Unavailable."""
    asked = filters.parse(request.query, request.app[NOW]())
    overview = await request.app[DATABASE].read(partial(read, asked=asked))
    return render(
        request,
        "usage.html",
        asked=asked,
        presets=period.PRESETS,
        stacks=StackBy,
        certainties=Certainty,
        tiers=tiers.KNOWN,
        overview=overview,
    )


async def get_csv(request: web.Request) -> web.StreamResponse:
    """The same usage, row by row. Raises as the page does."""
    asked = filters.parse(request.query, request.app[NOW]())
    reached = await request.app[DATABASE].read(usage.progress)
    name = f"usage-{hours.show(asked.hours.first)}-{hours.show(asked.hours.last)}.csv"
    values = asked.choice.values(reached)
    return await downloads.send(request, name, "usage_rows", values, csv_lines.USAGE_HEAD, csv_lines.usage_line)


def read(cursor: Cursor, asked: Filters) -> Overview:
    """Ask the database for all of it."""
    choice, reached = asked.choice, usage.progress(cursor)
    slices = usage.slices(cursor, choice, reached)
    ranking = usage.ranking(cursor, choice, reached, limit=_ASSETS, environment_limit=_ENVIRONMENTS)
    marks = usage.marks(cursor, asked.hours)
    return Overview(
        progress=reached,
        ranking=ranking,
        by_tier=tuple(sums_by_tier(slices)),
        chart=_chart(cursor, asked, reached, slices, ranking, marks),
        marks=marks,
        newest_hour=None if slices else usage.newest_hour(cursor),
        environment_names=tuple(usage.environment_names(cursor)),
    )


def sums_by_tier(slices: Sequence[Slice]) -> list[tuple[str, Sums]]:
    """Tiers in their order, each with its sums."""
    sums: dict[str, Sums] = {}
    for each in slices:
        sums[each.tier] = sums.get(each.tier, Sums()).plus(each.sums)
    return [(tier, sums[tier]) for tier in tiers.ordered(sums)]


def _chart(
    cursor: Cursor, asked: Filters, reached: Progress, slices: Sequence[Slice], ranking: Ranking, marks: Marks
) -> Chart:
    if asked.by is StackBy.ENVIRONMENT:
        named = [each.environment_id for each in ranking.environments[: charts.NAMED_ENVIRONMENTS]]
        addends = charts.of_environments(usage.environment_hours(cursor, asked.choice, reached, named))
        labels = [*named, *({charts.OTHERS} & {label for _, label, _ in addends})]
    else:
        addends = charts.of_slices(slices, asked.by)
        labels = [label for _, label, _ in addends]
    return charts.build(asked.hours, addends, charts.legend(asked.by, labels), reached, marks)
