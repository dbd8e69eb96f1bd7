"""Compare everything that must be equal: `python -m ops.audit [--from HOUR] [--to HOUR] [--wait SECONDS] [--raw]`.

Reads BILLING_DSN. Prints a line a check and a line a difference, named by source and hour as far as the tables
know; status 1 if there is a difference. docs/operations/audit.md says what to do about each.

1. Of every batch in the ledger: records = sum of its outcomes (billed, not billable by reason, unresolved), and what it
   bills = what it bills to its environments. Rejected lines stand beside them by reason, and are compared by 4.
2. Of every hour and environment: time, deliveries and bytes of its batches, a batch counted once, = those of its bill.
3. Of every late batch that no window has counted: its corrections = what its row in the ledger says.
4. Of every source: batches, records and rejected lines that collectors reported as acknowledged are in the ledger,
   as a batch or as a dropped copy.
5. With `--raw`: every batch in raw is in the ledger. It names the hours of what 4 calls lost and `reprocess` can heal.
   Reads COLLECTOR_KAFKA_BOOTSTRAP, and all of raw.

Exact for settled hours, which are compared unless `--to` asks for younger ones; hours that the watermark has not
passed are never compared. What is approximate, and when:

* In flight. A ledger row, its sums and a heartbeat reach Postgres by different ways, some seconds apart, and a
  heartbeat on one partition may overtake batches on another. `--wait` looks again until the differences are gone,
  always against the heartbeats that the first look saw.
* Copies. The ledger counts a copy with the records of the copy that it kept, and cannot tell who sent it. A copy
  by another release of a parser, or repeats that the pipeline itself made when enrichment started again without
  state, can hide the loss of as many batches of the same source. A copy that comes after deduplication has
  forgotten its batch (73 hours) twice or more is counted once, and shows as lost.
* A batch that was on its way while the last heartbeat was made, and is not claimed by it, can hide the loss of another
  one of the same process and source; so can all since that heartbeat where an earlier release wrote the totals.
* A collector that is killed never reports what was acknowledged after its last heartbeat: 4 does not see that it is
  lost, 5 does while raw has it.
* A ledger partition that was dropped takes its batches along, not the totals of the processes that sent them: with
  `--from`, those that were gone before are left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection as Connection

from ops import account, checks, hours, settings, sql, topic, unread, watermark
from ops.account import Account
from ops.hours import Hours

_RETRY_SECONDS: Final = 1.0

_HEARTBEATS = """
CREATE TEMPORARY TABLE acknowledged ON COMMIT PRESERVE ROWS AS
SELECT
    source_id, boot_id, batches, records, rejected, updated_at,
    CASE WHEN told_batches = batches THEN told_at END AS told_at
FROM collector_totals
"""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found. `compared` and `account` are None where no hour could be compared yet."""

    compared: Hours | None
    account: Account | None
    results: tuple[checks.Result, ...]

    @property
    def clean(self) -> bool:
        """Whether no check found a difference."""
        return not any(result.differences for result in self.results)


def audit(dsn: str, first: datetime | None = None, last: datetime | None = None, wait_s: float = 0) -> Audit:
    """Run all checks until none finds a difference, for at most `wait_s` seconds, and return the last findings.

    Without `first` the range starts with the ledger, without `last` it ends with the last settled hour.
    """
    deadline = time.monotonic() + wait_s
    connection = psycopg2.connect(dsn)
    try:
        remember_heartbeats(connection)
        while True:
            found = _look(connection, first, last)
            if found.clean or time.monotonic() >= deadline:
                return found
            time.sleep(_RETRY_SECONDS)
    finally:
        connection.close()


def remember_heartbeats(connection: Connection) -> None:
    """Keep what collectors have reported by now in the temporary table `acknowledged`, for every later look."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_HEARTBEATS)


def of_hours(connection: Connection, compared: Hours) -> list[checks.Result]:
    """The checks by hour, in the first schema of the connection's search_path."""
    batches = _rows(connection, "audit_outcomes", compared)
    sums = _rows(connection, "audit_hours", compared)
    late = _rows(connection, "audit_corrections", compared)
    return [
        checks.outcomes([checks.OutcomeRow(*row) for row in batches]),
        checks.bill([_hour_row(row) for row in sums]),
        checks.corrections([checks.CorrectionRow(*row) for row in late]),
    ]


def of_collectors(connection: Connection, since: datetime = hours.EPOCH) -> checks.Result:
    """The check of what collectors reported, as `remember_heartbeats` has kept it.

    Processes whose last heartbeat and whose last batch came before `since` are left out.
    """
    rows = _rows(connection, "audit_collectors", since=since)
    return checks.collectors([_collector_row(row) for row in rows])


def report(audit: Audit) -> str:
    """The compared hours and their account, a line a check, and below them a line a difference."""
    width = max(len(result.check) for result in audit.results)
    lines = [f"audit: hours {audit.compared}" if audit.compared else "audit: no hour can be compared yet"]
    lines += account.lines(audit.account) if audit.account else []
    lines += [f"{result.check:<{width}}  {_verdict(result)}" for result in audit.results]
    for result in audit.results:
        lines += [f"  {difference}" for difference in result.differences]
    return "\n".join(lines)


def _verdict(result: checks.Result) -> str:
    found = len(result.differences)
    verdict = "ok" if found == 0 else f"{found} DIFFERENT"
    return f"{result.examined:>12,} {result.unit:<17}  {verdict}"


def _look(connection: Connection, first: datetime | None, last: datetime | None) -> Audit:
    with connection:
        compared = _compared(connection, first, last)
        by_hour = of_hours(connection, compared) if compared else []
        sums = (
            account.from_rows(_rows(connection, "audit_account", compared, replays=account.REPLAY_BOOT))
            if compared
            else None
        )
        return Audit(
            compared=compared, account=sums, results=(*by_hour, of_collectors(connection, first or hours.EPOCH))
        )


def _compared(connection: Connection, first: datetime | None, last: datetime | None) -> Hours | None:
    with connection.cursor() as cursor:
        reached = watermark.read(cursor)
    if reached is None:
        return None
    end = min(last, watermark.last_closed(reached)) if last else watermark.last_settled(reached)
    start = first or hours.EPOCH
    return Hours(start, end) if start <= end else None


def _rows(
    connection: Connection, statement: str, compared: Hours | None = None, **values: object
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        sql.run(cursor, statement, compared, **values)
        return cursor.fetchall()


def _hour_row(row: tuple[Any, ...]) -> checks.HourRow:
    hour, environment_id, *amounts, sources = row
    return checks.HourRow(hour, environment_id, checks.Amount(*amounts[:3]), checks.Amount(*amounts[3:]), sources)


def _collector_row(row: tuple[Any, ...]) -> checks.CollectorRow:
    source_id, boot_id, *counts, since, until = row
    acknowledged, present, copied = (checks.Counts(*counts[n : n + 3]) for n in (0, 3, 6))
    return checks.CollectorRow(source_id, boot_id, acknowledged, present, copied, since, until)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops.audit", description="Compare the bill with what was collected.")
    parser.add_argument("--from", dest="first", type=hours.parse, help="first hour, such as 2026-09-01T00 (UTC)")
    parser.add_argument("--to", dest="last", type=hours.parse, help="last hour; the last settled one by default")
    parser.add_argument("--wait", type=float, default=0, help="seconds to let differences in flight settle")
    parser.add_argument("--raw", action="store_true", help="also look for batches that only raw has: reads all of it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Print the report: 0 without, 1 with a difference, 2 where a setting is wrong or raw cannot be read."""
    given = _parse(arguments)
    try:
        dsn = settings.from_environment(os.environ).billing_dsn
        found = audit(dsn, given.first, given.last, given.wait)
        if given.raw:
            found = replace(found, results=(*found.results, unread.check(dsn, topic.connection_from(os.environ))))
    except (settings.InvalidSetting, topic.Unreadable) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    print(report(found))
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
