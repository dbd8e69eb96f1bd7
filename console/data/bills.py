"""Statements: what environments were billed for closed periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor

from console.data.database import query
from ops import statement
from ops.statement import Statement


class Line(NamedTuple):
    """One statement in the list of them."""

    statement_id: int
    environment_id: str
    first_hour: datetime
    last_hour: datetime
    closed_at: datetime
    closed_by: str
    forced_because: str | None
    usage_ms: int
    adjustment_ms: int
    delivered_ms: int
    deliveries: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some statements, the newest first, and how many there are."""

    lines: tuple[Line, ...]
    found: int


def page(cursor: Cursor, environment: str | None, *, limit: int, offset: int) -> Page:
    """A page of all statements, or of those of one environment."""
    values = {"environment": environment, "limit": limit, "offset": offset}
    [(found,)] = query(cursor, "statement_count", values)
    return Page(lines=tuple(Line(*row) for row in query(cursor, "statements", values)), found=found)


def read(cursor: Cursor, statement_id: int) -> Statement | None:
    """A statement, as `ops.close` shows it; None where there is none."""
    cursor.execute("SELECT FROM statements WHERE statement_id = %s", (statement_id,))
    return statement.read(cursor, statement_id) if cursor.rowcount else None
