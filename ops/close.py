"""Close a period: `python -m ops.close ENVIRONMENT|all FROM TO [--dry-run] [--yes] [--wait SECONDS] [--force REASON]`.

Copies the bill of the hours FROM to TO (both included) into a statement that never changes, one an environment. What
has changed in earlier hours since the environment's last statement stands in it as adjustments, each with its batches
as the reason: all statements of an environment together are its bill as it was at the last close. Reads BILLING_DSN.
SQL only: the jobs know nothing of periods.

Shows the statements before it acts. All are made in one transaction: killed before its commit, nothing is closed; run
again after it, the statements that stand are shown. Refused is a period that an earlier statement has reached and,
unless forced, one

* that the media-usage job's watermark has not passed by the billing horizon, or
* for which the audit is not clean: the period's hours, the earlier hours that it adjusts, the collectors of the time.

`--force REASON` closes all the same. The statement keeps the reason, who gave it, and what it was closed against.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from ops import audit, consent, fence, hours, settings, sql, statement, watermark
from ops.hours import Hours
from ops.objections import objections
from ops.statement import Statement

_RETRY_SECONDS: Final = 1.0


class Refused(RuntimeError):
    """The period cannot be closed; the message says why and what to do. Nothing was changed."""


class Declined(Refused):
    """The statements were shown, and nobody wanted them made."""


class NotReady(Refused):
    """The period is not complete, or the audit is not clean: time may help, or `reprocess`, or force."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to close. `environment` None: every one. `force`: the reason to close what is not ready."""

    environment: str | None
    hours: Hours
    by: str
    force: str | None = None


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Statements of the period: those made now, and those that stood already."""

    made: tuple[Statement, ...]
    before: tuple[Statement, ...]


def close(dsn: str, order: Order, confirm: Callable[[Closed], bool], wait_s: float = 0) -> Closed:
    """Make the statements of a period; those that stand already are left alone.

    `confirm` sees them as they will stand, and decides. What is not ready is looked at again for `wait_s` seconds.
    Raises Refused.
    """
    deadline = time.monotonic() + wait_s
    with closing(psycopg2.connect(dsn)) as connection:
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
        audit.remember_heartbeats(connection)
        while True:
            try:
                return _close(connection, dsn, order, confirm)
            except NotReady:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(_RETRY_SECONDS)


def _close(connection: Connection, dsn: str, order: Order, confirm: Callable[[Closed], bool]) -> Closed:
    with connection, connection.cursor() as cursor:
        # Before anything is read: a second close waits here, and then sees the statements of the first.
        cursor.execute("LOCK TABLE statements IN SHARE ROW EXCLUSIVE MODE")
        moment = fence.read_between_writes(connection, dsn)
        environments = _environments(cursor, order)
        before = _standing(cursor, environments, order.hours)
        missing = [name for name in environments if name not in before]
        made = _make(cursor, order, missing, moment) if missing else ()
        found = Closed(made=made, before=tuple(before.values()))
        if made and not confirm(found):
            raise Declined("the statements were not confirmed")
        return found


def _environments(cursor: Cursor, order: Order) -> list[str]:
    sql.run(cursor, "close_environments", order.hours)
    known = [name for (name,) in cursor.fetchall()]
    if order.environment is None:
        return known
    if order.environment not in known:
        raise Refused(
            f"{order.environment} has nothing on the bill up to {hours.show(order.hours.last)}: check its name"
        )
    return [order.environment]


def _standing(cursor: Cursor, environments: Sequence[str], period: Hours) -> dict[str, Statement]:
    """Statements of this very period. Raises Refused where another one has reached into it, or beyond."""
    cursor.execute(
        "SELECT environment_id, statement_id, first_hour, last_hour FROM statements"
        " WHERE environment_id = ANY(%s) AND last_hour >= %s ORDER BY environment_id, first_hour",
        (list(environments), period.first),
    )
    rows = cursor.fetchall()
    standing = {name: number for name, number, first, last in rows if Hours(first, last) == period}
    for name, number, first, last in rows:
        if name not in standing:
            raise Refused(
                f"statement {number} of {name} goes from {Hours(first, last)}: a period begins after the last one;"
                " what has changed before it comes as an adjustment"
            )
    return {name: statement.read(cursor, number) for name, number in standing.items()}


def _make(cursor: Cursor, order: Order, environments: Sequence[str], moment: datetime) -> tuple[Statement, ...]:
    sql.run(cursor, "close_draft", order.hours, environments=list(environments))
    cursor.execute("SELECT DISTINCT hour FROM draft WHERE kind = 'adjustment' ORDER BY hour")
    adjusted = [hour for (hour,) in cursor.fetchall()]
    reached = watermark.read(cursor)
    against = list(objections(cursor.connection, order.hours, adjusted, reached))
    if against and order.force is None:
        raise NotReady("; ".join(against))
    values = {
        "closed_at": moment,
        "closed_by": order.by,
        "watermark": reached,
        "forced_because": order.force if against else None,
        "objections": against,
    }
    return tuple(_write(cursor, name, order.hours, values) for name in environments)


def _write(cursor: Cursor, environment: str, period: Hours, values: Mapping[str, object]) -> Statement:
    sql.run(cursor, "close_statement", period, environment=environment, **values)
    [(number,)] = cursor.fetchall()
    sql.run(cursor, "close_lines", statement=number)
    sql.run(cursor, "close_reasons", statement=number, settled_after=watermark.SETTLED_AFTER + hours.HOUR)
    return statement.read(cursor, number)


def _shower(*, dry_run: bool, assume_yes: bool) -> Callable[[Closed], bool]:
    """Shows what would be made and, unless told, asks."""

    def confirm(found: Closed) -> bool:
        for made in found.made:
            print("\n".join(statement.lines(made)))
        return not dry_run and (assume_yes or consent.ask("Make these statements?"))

    return confirm


def _report(found: Closed) -> str:
    lines = [line for each in found.before for line in (*statement.lines(each), statement.origin(each))]
    if found.made:
        numbers = ", ".join(str(each.statement_id) for each in found.made)
        return "\n".join([*lines, f"closed: {len(found.made)} statements, {numbers}"])
    return "\n".join([*lines, f"nothing to close: {len(found.before)} statements stand"])


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops.close", description="Make the statements of a period.")
    parser.add_argument("environment", metavar="ENVIRONMENT|all")
    parser.add_argument("first", metavar="FROM", type=hours.parse, help="first hour, such as 2026-09-01T00 (UTC)")
    parser.add_argument("last", metavar="TO", type=hours.parse, help="last hour, included")
    parser.add_argument("--dry-run", action="store_true", help="show the statements and make none")
    parser.add_argument("--yes", action="store_true", help="close without asking")
    parser.add_argument("--wait", type=float, default=0, help="seconds to let differences in flight settle")
    parser.add_argument("--force", type=_reason, metavar="REASON", help="close what is not ready, for this reason")
    parser.add_argument("--by", default=getpass.getuser(), help="who closes; the login name by default")
    return parser.parse_args(arguments)


def _reason(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("give the reason: the statement keeps it")
    return text


def _order(given: argparse.Namespace) -> Order:
    environment = None if given.environment == "all" else given.environment
    return Order(environment=environment, hours=Hours(given.first, given.last), by=given.by, force=given.force)


def main(arguments: Sequence[str]) -> int:
    """0 where the period is closed, or could be; 1 where it was refused; 2 where a setting is wrong."""
    given = _parse(arguments)
    try:
        dsn = settings.from_environment(os.environ).billing_dsn
        found = close(dsn, _order(given), _shower(dry_run=given.dry_run, assume_yes=given.yes), given.wait)
    except settings.InvalidSetting as error:
        print(f"close: {error}", file=sys.stderr)
        return 2
    except (Refused, hours.InvalidHour) as refusal:
        if given.dry_run and isinstance(refusal, Declined):
            print("dry run: nothing was closed")
            return 0
        print(f"refused: {refusal}", file=sys.stderr)
        return 1
    print(_report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
