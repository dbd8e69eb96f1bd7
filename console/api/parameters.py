"""Parameters of the API: one table, by which requests are read and from which the document is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping

from console import query
from console.access.tokens import Principal
from console.data.usage import Choice
from console.query import InvalidQuery
from console.show.period import MOST_DAYS, MOST_HOURS
from ops import hours
from ops.hours import HOUR, Hours

MOST_ROWS: Final = 1_000
_ROWS: Final = 100
_MOST_PAGES: Final = 1_000_000
_DEFAULT_HOURS: Final = 24
#: Seconds since the epoch that a timeframe may name: 2000 to 2199.
_EARLIEST_S: Final = 946_684_800
_LATEST_S: Final = 7_258_118_400
_TIMEFRAME: Final = "timeframe[]"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a query string."""

    name: str
    description: str
    schema: Mapping[str, Any]


TIMEFRAME: Final = Parameter(
    name=_TIMEFRAME,
    description=(
        "Given twice: start and end in seconds since the Unix epoch. Hours that begin at or after the start and before"
        f" the end are counted. At most {MOST_DAYS} days; by default the last {_DEFAULT_HOURS} full hours."
    ),
    schema={"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
)
ASSET: Final = Parameter(name="asset_id", description="Only this asset.", schema={"type": "string", "maxLength": 256})
ENVIRONMENT: Final = Parameter(
    name="environment_id",
    description="Only this environment, which the token must see. By default all that it sees.",
    schema={"type": "string", "maxLength": 256},
)
TIER: Final = Parameter(
    name="tier", description="Only this resolution tier, such as `1080p`.", schema={"type": "string", "maxLength": 256}
)
PAGE: Final = Parameter(
    name="page",
    description="Which page, of the size of `limit`.",
    schema={"type": "integer", "minimum": 1, "maximum": _MOST_PAGES, "default": 1},
)
LIMIT: Final = Parameter(
    name="limit",
    description="How many rows a page has.",
    schema={"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": _ROWS},
)
FILTERS: Final = (TIMEFRAME, ASSET, ENVIRONMENT, TIER)
PAGING: Final = (PAGE, LIMIT)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks for, and which page of it. `timeframe` is in seconds since the epoch, the end excluded."""

    choice: Choice
    page: int
    limit: int

    @property
    def timeframe(self) -> tuple[int, int]:
        return epoch_s(self.choice.hours.first), epoch_s(self.choice.hours.end)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


def parse(given: MultiMapping[str], known: tuple[Parameter, ...], principal: Principal, now: datetime) -> Asked:
    """What a principal asks for. Raises InvalidQuery, and HTTPForbidden for an environment that it does not see."""
    query.refuse_unknown(given, {parameter.name for parameter in known})
    for parameter in known:
        if parameter is not TIMEFRAME and len(given.getall(parameter.name, [])) > 1:
            raise InvalidQuery(f"{parameter.name} is given more than once")
    choice = Choice(
        hours=_hours(given.getall(_TIMEFRAME, []), now),
        environments=_environments(query.text(given, ENVIRONMENT.name), principal),
        asset=query.text(given, ASSET.name),
        tier=query.text(given, TIER.name),
    )
    page = query.number(given, PAGE.name, default=1, most=_MOST_PAGES)
    return Asked(choice=choice, page=page, limit=query.number(given, LIMIT.name, default=_ROWS, most=MOST_ROWS))


def epoch_s(moment: datetime) -> int:
    """Whole seconds since the epoch."""
    return hours.epoch_ms(moment) // 1_000


def _environments(asked: str | None, principal: Principal) -> tuple[str, ...] | None:
    if asked is None:
        return principal.environments
    if not principal.sees(asked):
        raise web.HTTPForbidden(text=f"this token does not see environment {asked}")
    return (asked,)


def _hours(timeframe: list[str], now: datetime) -> Hours:
    """Hours that begin within a timeframe: timeframes that follow each other share none, and leave none out."""
    if not timeframe:
        last = hours.floor(now) - HOUR
        return Hours(last - (_DEFAULT_HOURS - 1) * HOUR, last)
    if len(timeframe) != 2:
        raise InvalidQuery(f"{_TIMEFRAME} is given {len(timeframe)} times: give it twice, start and end")
    start, end = (_ceiling(_moment(text)) for text in timeframe)
    if start >= end:
        raise InvalidQuery(f"{_TIMEFRAME}: no hour begins between {' and '.join(timeframe)}")
    if (end - start) // HOUR > MOST_HOURS:
        raise InvalidQuery(f"{_TIMEFRAME}: {' to '.join(timeframe)} is longer than {MOST_DAYS} days")
    return Hours(start, end - HOUR)


def _moment(text: str) -> datetime:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and _EARLIEST_S <= int(text) < _LATEST_S):
        raise InvalidQuery(f"{_TIMEFRAME}: {text!r} is no time in whole seconds since the Unix epoch")
    return datetime.fromtimestamp(int(text), UTC)


def _ceiling(moment: datetime) -> datetime:
    return hours.floor(moment + HOUR - timedelta(seconds=1))
