"""What the ledger of batches says of sources, and of assets that nobody could resolve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor

from console.data.database import query
from ops.hours import Hours


class SourceHour(NamedTuple):
    """What stands in the ledger of one source in one hour of event time, each batch counted once."""

    source_id: str
    hour: datetime
    batches: int
    late_batches: int
    records: int
    rejected: int
    newest_receipt: datetime


class Watermark(NamedTuple):
    """How far a job has seen event time, and when it said so."""

    job: str
    watermark: datetime
    told_at: datetime


class Unresolved(NamedTuple):
    """An asset that was requested and could not be resolved. Its records are billed once it is registered."""

    asset_id: str
    first_hour: datetime
    last_hour: datetime
    records: int


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The most requested of the unresolved assets, and how many there are."""

    first: tuple[Unresolved, ...]
    found: int


def newest_hour(cursor: Cursor, now: datetime) -> datetime | None:
    """The newest hour that has a batch."""
    rows: Sequence[tuple[datetime | None]] = query(cursor, "newest_ledger_hour", {"now": now})
    return rows[0][0]


def source_hours(cursor: Cursor, period: Hours) -> list[SourceHour]:
    """By source and hour."""
    rows = query(cursor, "source_hours", {"first": period.first, "last": period.last})
    return [SourceHour(*row) for row in rows]


def by_source(rows: Iterable[SourceHour]) -> list[SourceHour]:
    """Hours of each source added up; `hour` is the newest."""
    sums: dict[str, SourceHour] = {}
    for row in rows:
        sums[row.source_id] = _plus(sums[row.source_id], row) if row.source_id in sums else row
    return [sums[source_id] for source_id in sorted(sums)]


def watermarks(cursor: Cursor) -> list[Watermark]:
    """By job."""
    return [Watermark(*row) for row in query(cursor, "watermarks")]


def unresolved(cursor: Cursor, period: Hours, limit: int) -> Queue:
    """The queue of a period."""
    rows: Sequence[tuple[str, datetime, datetime, int, int]] = query(
        cursor, "unresolved", {"first": period.first, "last": period.last, "limit": limit}
    )
    return Queue(first=tuple(Unresolved(*row[:4]) for row in rows), found=rows[0][4] if rows else 0)


def _plus(one: SourceHour, other: SourceHour) -> SourceHour:
    return SourceHour(
        source_id=one.source_id,
        hour=max(one.hour, other.hour),
        batches=one.batches + other.batches,
        late_batches=one.late_batches + other.late_batches,
        records=one.records + other.records,
        rejected=one.rejected + other.rejected,
        newest_receipt=max(one.newest_receipt, other.newest_receipt),
    )
