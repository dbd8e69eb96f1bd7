"""What a recount would change: the rows of the bill, by environment, and the accounts of batches, by source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from psycopg2.extensions import cursor as Cursor

from jobs.media_usage.billing_rule import BILLED_RANGE
from jobs.media_usage.repeated_lines import REPEATED
from ops import sql
from ops.hours import EPOCH, Hours, show

_NAMED: Final = 5

#: Outcomes of records whose milliseconds another batch may bill instead.
_SHARES: Final = [REPEATED, BILLED_RANGE]


class EnvironmentChange(NamedTuple):
    """Rows of the bill of one environment that change, and the milliseconds in them."""

    environment_id: str
    added: int
    changed: int
    removed: int
    before_ms: int
    after_ms: int


class SourceChange(NamedTuple):
    """Batches of one source whose account changes, from the first to the last of their hours."""

    source_id: str
    added: int
    changed: int
    dropped: int
    first: datetime
    last: datetime


class Missing(NamedTuple):
    """A batch that the live tables have and the shadow lacks; its source is "" where only its corrections stand."""

    hour: datetime
    source_id: str
    batch_id: str

    def __str__(self) -> str:
        return f"{self.source_id or 'corrections'} {show(self.hour)} {self.batch_id}"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All that differs between the live tables and a shadow."""

    environments: tuple[EnvironmentChange, ...] = ()
    sources: tuple[SourceChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.environments or self.sources)


def measure(cursor: Cursor, shadow: str, hours: Hours) -> Difference:
    """Compare measurements: builds and times of writing are none. Once in a transaction."""
    sql.run(cursor, "reprocess_shared", hours, shadow, shares=_SHARES)
    sql.run(cursor, "reprocess_bill_difference", hours, shadow)
    environments = tuple(EnvironmentChange(*row) for row in cursor.fetchall())
    sql.run(cursor, "reprocess_ledger_difference", hours, shadow)
    return Difference(environments=environments, sources=tuple(SourceChange(*row) for row in cursor.fetchall()))


def missing_batches(cursor: Cursor, shadow: str, hours: Hours) -> list[Missing]:
    """Batches that replacing would lose."""
    sql.run(cursor, "reprocess_missing", hours, shadow)
    return [Missing(*row) for row in cursor.fetchall()]


def some_of(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def report(difference: Difference) -> str:
    """The difference as lines for people."""
    return "\n".join([*map(_environment, difference.environments), *map(_source, difference.sources)])


def _environment(change: EnvironmentChange) -> str:
    rows = f"{change.added} rows added, {change.changed} changed, {change.removed} removed"
    milliseconds = f"{change.before_ms:,} ms -> {change.after_ms:,} ms ({change.after_ms - change.before_ms:+,})"
    return f"{change.environment_id}: {rows}; {milliseconds}"


def _source(change: SourceChange) -> str:
    batches = f"{change.added} batches added, {change.changed} changed, {change.dropped} dropped"
    where = "nothing but rejected lines" if change.first == EPOCH else str(Hours(change.first, change.last))
    return f"{change.source_id}: {batches}; {where}"
