"""A statement: what an environment was billed for a period, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from psycopg2.extensions import cursor as Cursor

from ops import sql
from ops.hours import Hours, show


class Sums(NamedTuple):
    """Lines of a statement, added up."""

    lines: int = 0
    delivered_ms: int = 0
    deliveries: int = 0
    bytes: int = 0

    def plus(self, other: Sums) -> Sums:
        return Sums(*(one + another for one, another in zip(self, other, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """What an earlier hour differs by from all statements before, and the batches that are the reason."""

    hour: datetime
    sums: Sums
    batches: int
    example: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One environment's statement. `objections` is what it was forced against, for `forced_because`."""

    statement_id: int
    environment_id: str
    hours: Hours
    closed_at: datetime
    closed_by: str
    forced_because: str | None
    objections: tuple[str, ...]
    usage: Sums
    adjustments: tuple[Adjustment, ...]

    @property
    def adjusted(self) -> Sums:
        """All adjustments together."""
        total = Sums()
        for adjustment in self.adjustments:
            total = total.plus(adjustment.sums)
        return total


def read(cursor: Cursor, statement_id: int) -> Statement:
    """A statement as it stands in the database."""
    cursor.execute(
        "SELECT statement_id, environment_id, first_hour, last_hour, closed_at, closed_by, forced_because, objections"
        " FROM statements WHERE statement_id = %s",
        (statement_id,),
    )
    [(number, environment, first, last, closed_at, closed_by, forced_because, objections)] = cursor.fetchall()
    sql.run(cursor, "statement_sums", statement=statement_id)
    rows = cursor.fetchall()
    return Statement(
        statement_id=number,
        environment_id=environment,
        hours=Hours(first, last),
        closed_at=closed_at,
        closed_by=closed_by,
        forced_because=forced_because,
        objections=tuple(objections),
        usage=next((Sums(*row[2:6]) for row in rows if row[0] == "usage"), Sums()),
        adjustments=tuple(_adjustment(row) for row in rows if row[0] == "adjustment"),
    )


def _adjustment(row: tuple[Any, ...]) -> Adjustment:
    _, hour, *sums, batches, example, sources = row
    return Adjustment(hour=hour, sums=Sums(*sums), batches=batches, example=example, sources=tuple(sources))


def lines(statement: Statement) -> Iterator[str]:
    """The statement for people: period, sums, a line an adjusted hour, and whether it was forced."""
    usage, adjusted = statement.usage, statement.adjusted
    yield f"{statement.environment_id} {statement.hours}: {usage.delivered_ms + adjusted.delivered_ms:,} ms"
    yield f"  usage: {_amount(usage)} in {usage.lines:,} lines"
    if statement.adjustments:
        yield f"  adjustments of {len(statement.adjustments):,} earlier hours: {_change(adjusted)}"
    for adjustment in statement.adjustments:
        yield f"    {show(adjustment.hour)} {_change(adjustment.sums)}: {_reason(adjustment)}"
    if statement.forced_because is not None:
        yield f"  forced by {statement.closed_by}: {statement.forced_because}"
    for objection in statement.objections:
        yield f"    against: {objection}"


def origin(statement: Statement) -> str:
    """When a statement was made, and by whom."""
    moment = statement.closed_at.astimezone(UTC)
    return f"  statement {statement.statement_id}, closed at {moment:%Y-%m-%dT%H:%M:%SZ} by {statement.closed_by}"


def _amount(sums: Sums) -> str:
    return f"{sums.delivered_ms:,} ms, {sums.deliveries:,} deliveries, {sums.bytes:,} bytes"


def _change(sums: Sums) -> str:
    return f"{sums.delivered_ms:+,} ms, {sums.deliveries:+,} deliveries, {sums.bytes:+,} bytes"


def _reason(adjustment: Adjustment) -> str:
    if not adjustment.batches:
        return "no batch was counted since; the audit may know more"
    sources = ", ".join(adjustment.sources)
    return f"{adjustment.batches:,} batches of {sources}, such as {adjustment.example}"
