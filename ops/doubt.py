"""Hours that a broken build had a hand in: `python -m ops.doubt`, or `... mark JOB BUILD [--since TIME]`.

Without arguments the marked hours, and of those that are settled the command that counts them anew. Until then they
are marked in `billable_usage` (`in_doubt`), and `ops.close` closes no period that holds one. `make rollback` marks by
itself; `mark` is for where jobs are rolled back by other means. Reads BILLING_DSN.

What a broken build has touched is known by the builds in the ledger: of enrichment also batches that are counted after
the marking. A broken media-usage build may have written rows whose batches the build before counts again under its own
name: `--since` marks all hours written since it started, by the database's clock.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, get_args

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from ops import bill_lock, hours, settings, sql, watermark
from ops.hours import Hours

Job = Literal["enrichment", "media-usage"]
JOBS: Final[tuple[Job, ...]] = get_args(Job)


class Doubt(NamedTuple):
    """An hour, and a build that is not trusted in it; "" where the code was right and its settings were not."""

    hour: datetime
    job: str
    build: str

    def __str__(self) -> str:
        return f"{hours.show(self.hour)} {self.why}"

    @property
    def why(self) -> str:
        """What was wrong, for people."""
        return f"build {self.build} of {self.job}" if self.build else f"settings of {self.job}"


def mark(dsn: str, job: Job, build: str, since: datetime | None = None) -> list[datetime]:
    """Mark a build as broken, and every hour that it is known to have touched; returns those that are marked for it.

    `since` marks each hour written since then as well. With an empty `build` only those: the code is right.
    """
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        # A writer whose rows are not committed yet would be missed: it is waited for, and others until the marks stand.
        bill_lock.take(cursor, "EXCLUSIVE")
        if build:
            # Before the ledger is looked through: what is counted from now on is marked as it comes.
            cursor.execute(
                "INSERT INTO broken_builds (job, build) VALUES (%s, %s) ON CONFLICT DO NOTHING", (job, build)
            )
        sql.run(cursor, "doubt_mark", job=job, build=build, since=since)
        cursor.execute("SELECT hour FROM hours_in_doubt WHERE job = %s AND build = %s ORDER BY hour", (job, build))
        return [hour for (hour,) in cursor.fetchall()]


def standing(connection: Connection, range_: Hours | None = None) -> list[Doubt]:
    """Every mark, or those of some hours, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hour, job, build FROM hours_in_doubt"
            " WHERE hour BETWEEN coalesce(%(first)s::timestamptz, '-infinity')"
            " AND coalesce(%(last)s::timestamptz, 'infinity') ORDER BY 1, 2, 3",
            {"first": range_ and range_.first, "last": range_ and range_.last},
        )
        return [Doubt(*row) for row in cursor.fetchall()]


def is_broken(cursor: Cursor, build: str) -> bool:
    """Whether a build was marked as broken, in whichever job."""
    cursor.execute("SELECT FROM broken_builds WHERE build = %s", (build,))
    return cursor.rowcount > 0


def report(doubts: Sequence[Doubt], reached: datetime | None) -> list[str]:
    """A line for each range of marked hours: its command where it is settled, else when it will be."""
    lines = []
    for why in dict.fromkeys(doubt.why for doubt in doubts):
        moments = [doubt.hour for doubt in doubts if doubt.why == why]
        lines += [f"{range_}: {why}; {_remedy(range_, reached)}" for range_ in hours.ranges(moments)]
    return lines


def _remedy(range_: Hours, reached: datetime | None) -> str:
    needed = range_.end + watermark.SETTLED_AFTER
    if reached is None or reached < needed:
        return f"settled when the watermark has reached {needed.astimezone(UTC):%Y-%m-%dT%H:%M}"
    return f"python -m ops.reprocess {hours.show(range_.first)} {hours.show(range_.last)}"


def _list(dsn: str) -> int:
    with closing(psycopg2.connect(dsn)) as connection, connection:
        doubts = standing(connection)
        with connection.cursor() as cursor:
            reached = watermark.read(cursor)
    for line in report(doubts, reached):
        print(line)
    print(f"doubt: {len({doubt.hour for doubt in doubts})} hours")
    return 1 if doubts else 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops.doubt", description="Hours that a broken build had a hand in.")
    commands = parser.add_subparsers(dest="command", metavar="mark")
    marking = commands.add_parser("mark", help="mark a build as broken, and the hours that it touched")
    marking.add_argument("job", choices=JOBS)
    marking.add_argument("build", help="its id, as the ledger says it; '' for settings that were wrong, with --since")
    marking.add_argument(
        "--since", type=_moment, metavar="TIME", help="and every hour written since, such as 2026-09-01T12:00Z"
    )
    return parser.parse_args(arguments)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def main(arguments: Sequence[str]) -> int:
    """0 where no hour is marked, or the marks stand as asked; 1 where some are; 2 where a setting is wrong."""
    given = _parse(arguments)
    try:
        chosen = settings.from_environment(os.environ)
    except settings.InvalidSetting as error:
        print(f"doubt: {error}", file=sys.stderr)
        return 2
    if given.command is None:
        return _list(chosen.billing_dsn)
    marked = mark(chosen.billing_dsn, given.job, given.build, given.since)
    print(f"marked: build {given.build} of {given.job}, {len(marked)} hours")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
