"""GET /assets: all assets of a choice, those with the most usage first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web
from psycopg2.extensions import cursor as Cursor

from console.data import usage
from console.data.usage import Asset, Progress, Ranking, Tiers
from console.keys import DATABASE, NOW
from console.pages import filters
from console.pages.filters import Filters
from console.pages.render import render
from console.show import charts, period, tiers
from console.show.charts import StackBy

PAGE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of assets."""

    progress: Progress
    ranking: Ranking
    tiers: Mapping[tuple[str, str], Tiers]
    environment_names: tuple[str, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.ranking.assets_found // PAGE))

    def bar(self, asset: Asset) -> list[tuple[str, int]]:
        """Colours and milliseconds of an asset's tiers."""
        by_tier = self.tiers[asset.environment_id, asset.asset_id]
        return [(charts.tier_colour(tier), by_tier[tier]) for tier in tiers.ordered(by_tier)]

    def address(self, asked: Filters) -> Callable[[int], str]:
        """Where each page is, by its number."""
        return lambda number: asked.address("/assets", page=number)

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Tiers of this page with their colours."""
        return charts.legend(StackBy.TIER, [tier for each in self.tiers.values() for tier in each])


async def get_assets(request: web.Request) -> web.Response:
    """The page. Raises InvalidQuery, InvalidHour, Unavailable."""
    asked = filters.parse(request.query, request.app[NOW]())
    listing = await request.app[DATABASE].read(partial(read, asked=asked))
    return render(
        request,
        "assets.html",
        asked=asked,
        presets=period.PRESETS,
        tiers=tiers.KNOWN,
        listing=listing,
        first=(asked.page - 1) * PAGE + 1,
    )


def read(cursor: Cursor, asked: Filters) -> Listing:
    """Ask the database for all of it."""
    reached = usage.progress(cursor)
    ranking = usage.ranking(cursor, asked.choice, reached, limit=PAGE, offset=(asked.page - 1) * PAGE)
    return Listing(
        progress=reached,
        ranking=ranking,
        tiers=usage.tiers(cursor, asked.choice, reached, ranking.assets),
        environment_names=tuple(usage.environment_names(cursor)),
    )
