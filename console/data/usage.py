"""Usage: what is asked for, and what the bill says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from console.data.database import Row, query
from ops import watermark
from ops.hours import HOUR, Hours

#: How many environments are offered as names to choose from.
_MOST_NAMES: Final = 200


class Certainty(StrEnum):
    """How certain an addend of the bill is, the most certain first. Every millisecond has exactly one."""

    #: On time, in an hour to which nothing on time can still come.
    SETTLED = "settled"
    #: On time, in an hour that the watermark has passed; what comes later is still added.
    ON_TIME = "on-time"
    #: In an hour that is not over yet.
    PROVISIONAL = "provisional"
    #: Of a batch that came beyond the billing horizon.
    CORRECTION = "correction"


class Sums(NamedTuple):
    """What was delivered."""

    delivered_ms: int = 0
    deliveries: int = 0
    bytes: int = 0

    def plus(self, other: Sums) -> Sums:
        return Sums(*(one + another for one, another in zip(self, other, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the media-usage job has come: the last hour that is closed, and the last one that is settled."""

    watermark: datetime | None
    closed: datetime | None
    settled: datetime | None

    @property
    def closed_until(self) -> datetime | None:
        """When the last closed hour ended."""
        return None if self.closed is None else self.closed + HOUR

    @property
    def settled_until(self) -> datetime | None:
        """When the last settled hour ended."""
        return None if self.settled is None else self.settled + HOUR

    def certainty(self, hour: datetime) -> Certainty:
        """Of what came on time in an hour."""
        if self.settled is not None and hour <= self.settled:
            return Certainty.SETTLED
        if self.closed is not None and hour <= self.closed:
            return Certainty.ON_TIME
        return Certainty.PROVISIONAL


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Hours that `reprocess` has counted anew, and hours that are not to be billed before it has (ops/doubt.py)."""

    recounted: frozenset[datetime] = frozenset()
    in_doubt: frozenset[datetime] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which usage is asked for. `environments` None: all of them."""

    hours: Hours
    environments: tuple[str, ...] | None = None
    asset: str | None = None
    tier: str | None = None

    def values(self, progress: Progress) -> dict[str, object]:
        """Values of the statements over `chosen.sql`."""
        return {
            "first": self.hours.first,
            "last": self.hours.last,
            "environments": None if self.environments is None else list(self.environments),
            "asset": self.asset,
            "tier": self.tier,
            "closed": progress.closed,
            "settled": progress.settled,
        }


class Slice(NamedTuple):
    """One tier of one hour, of one certainty."""

    hour: datetime
    tier: str
    certainty: Certainty
    sums: Sums


#: Milliseconds by how certain they are, and by tier; what is not there is zero.
Certainties = Mapping[Certainty, int]
Tiers = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment's usage."""

    environment_id: str
    sums: Sums
    certainties: Certainties


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One asset's usage."""

    environment_id: str
    asset_id: str
    sums: Sums
    certainties: Certainties


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """All of it added up, and those with the most: some environments, and one page of the assets."""

    total: Sums
    certainties: Certainties
    assets_found: int
    environments: tuple[Environment, ...]
    assets: tuple[Asset, ...]


def progress(cursor: Cursor) -> Progress:
    """How far the bill has come."""
    reached = watermark.read(cursor)
    if reached is None:
        return Progress(watermark=None, closed=None, settled=None)
    return Progress(watermark=reached, closed=watermark.last_closed(reached), settled=watermark.last_settled(reached))


def slices(cursor: Cursor, choice: Choice, reached: Progress) -> list[Slice]:
    """The chosen usage by hour, tier and certainty."""
    rows = query(cursor, "usage_hours", choice.values(reached))
    return [Slice(hour, tier, Certainty(certainty), Sums(*sums)) for hour, tier, certainty, *sums in rows]


def ranking(
    cursor: Cursor, choice: Choice, reached: Progress, *, limit: int, offset: int = 0, environment_limit: int = 0
) -> Ranking:
    """The environments with the most of the chosen usage, and a page of the assets with the most."""
    limits = {"limit": limit, "offset": offset, "environment_limit": environment_limit}
    rows = query(cursor, "usage_ranking", choice.values(reached) | limits)
    return Ranking(
        total=Sums(*rows[0][2:5]),
        certainties=_certainties(rows[0]),
        assets_found=rows[0][-1],
        environments=tuple(_environment(row) for row in rows[1:] if row[1] is None),
        assets=tuple(_asset(row) for row in rows[1:] if row[1] is not None),
    )


def tiers(cursor: Cursor, choice: Choice, reached: Progress, assets: Sequence[Asset]) -> dict[tuple[str, str], Tiers]:
    """Milliseconds of assets by tier, by environment and asset."""
    values = choice.values(reached) | {"assets": [asset.asset_id for asset in assets]}
    found: dict[tuple[str, str], dict[str, int]] = {}
    for environment_id, asset_id, tier, delivered_ms in query(cursor, "usage_asset_tiers", values):
        found.setdefault((environment_id, asset_id), {})[tier] = delivered_ms
    return dict(found)


def environment_hours(
    cursor: Cursor, choice: Choice, reached: Progress, named: Sequence[str]
) -> list[tuple[datetime, str | None, int]]:
    """Milliseconds of the named environments by hour, and of all others as None."""
    rows = query(cursor, "usage_environment_hours", choice.values(reached) | {"named": list(named)})
    return [(hour, environment_id, delivered_ms) for hour, environment_id, delivered_ms in rows]


def marks(cursor: Cursor, period: Hours) -> Marks:
    """What is special about the hours of a period."""
    rows = query(cursor, "marked_hours", {"first": period.first, "last": period.last})
    return Marks(
        recounted=frozenset(hour for hour, is_in_doubt in rows if not is_in_doubt),
        in_doubt=frozenset(hour for hour, is_in_doubt in rows if is_in_doubt),
    )


def newest_hour(cursor: Cursor) -> datetime | None:
    """The newest hour that has any usage at all."""
    rows: list[tuple[datetime | None]] = query(cursor, "newest_hour")
    return rows[0][0]


def environment_names(cursor: Cursor) -> list[str]:
    """Ids to choose from."""
    return [name for (name,) in query(cursor, "environment_names", {"limit": _MOST_NAMES})]


def _environment(row: Row) -> Environment:
    return Environment(environment_id=row[0], sums=Sums(*row[2:5]), certainties=_certainties(row))


def _asset(row: Row) -> Asset:
    return Asset(environment_id=row[0], asset_id=row[1], sums=Sums(*row[2:5]), certainties=_certainties(row))


def _certainties(row: Row) -> Certainties:
    return {certainty: ms for certainty, ms in zip(Certainty, row[5:9], strict=True) if ms}
