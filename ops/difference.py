"""What a recount would change: the rows of the bill, by environment, and the accounts of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from ops import sql
from ops.hours import Hours

_NAMED: Final = 5


class EnvironmentChange(NamedTuple):
    """Rows of the bill of one environment that change, and the milliseconds in them."""

    environment_id: str
    added: int
    changed: int
    removed: int
    before_ms: int
    after_ms: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All that differs between the live tables and a shadow."""

    environments: tuple[EnvironmentChange, ...]
    added_batches: int
    changed_batches: int

    def __bool__(self) -> bool:
        return bool(self.environments or self.added_batches or self.changed_batches)


def measure(cursor: Cursor, shadow: str, hours: Hours) -> Difference:
    """Compare measurements: builds, copies and times of writing are none."""
    sql.run(cursor, "reprocess_bill_difference", hours, shadow)
    environments = tuple(EnvironmentChange(*row) for row in cursor.fetchall())
    sql.run(cursor, "reprocess_ledger_difference", hours, shadow)
    [(added, changed)] = cursor.fetchall()
    return Difference(environments=environments, added_batches=added, changed_batches=changed)


def missing_batches(cursor: Cursor, shadow: str, hours: Hours) -> list[str]:
    """Batches that the live ledger has and the shadow lacks, as "source hour batch_id"."""
    sql.run(cursor, "reprocess_missing", hours, shadow)
    return [f"{source} {hour:%Y-%m-%dT%H} {batch}" for hour, source, batch in cursor.fetchall()]


def some_of(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def show(difference: Difference) -> str:
    """The difference as lines for people."""
    lines = [_line(change) for change in difference.environments]
    lines.append(f"batches: {difference.added_batches} added, {difference.changed_batches} changed")
    return "\n".join(lines)


def _line(change: EnvironmentChange) -> str:
    rows = f"{change.added} rows added, {change.changed} changed, {change.removed} removed"
    milliseconds = f"{change.before_ms:,} ms -> {change.after_ms:,} ms ({change.after_ms - change.before_ms:+,})"
    return f"{change.environment_id}: {rows}; {milliseconds}"
