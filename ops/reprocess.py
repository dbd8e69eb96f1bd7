"""Count settled hours anew and put the result in their place: `python -m ops.reprocess FROM TO [--dry-run] [--yes]`.

The one healing tool: for assets that were unknown, expired transactions, replayed dead letters, the output of a
broken build, a new rule, rows changed by hand. Reads BILLING_DSN and FLINK_RUN, and hands the environment on to the
bounded job, which reads raw, or enriched where REPROCESS_SOURCE says so because raw's retention is over. From raw it
asks the asset database anew, whatever the caches hold: what was registered or mended a moment ago counts.

The job counts into a shadow schema. Its difference from the bill is shown; then usage, corrections and ledger of the
hours are replaced in one transaction, under the next epoch, which the live job's writes do not reach. Whatever
happens before the commit, the live tables are as they were; after it, running again changes nothing. Refused are
hours that are not settled, and a shadow that does not add up or lacks a batch of the live tables. `--drop BATCH` lets
go of a batch that was never in raw: a row that somebody made by hand. Hours that are marked for a broken build
(`ops.doubt`) lose the mark, one of enrichment only where raw was read; with that build itself nothing is counted.

With `--dry-run` it is the audit that compares every row: the difference is shown, and status 1 says that there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Final

import psycopg2
from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from jobs.build import BUILD_ID
from ops import bill_lock, consent, difference, doubt, hours, settings, shadow, sql, watermark
from ops.bounded_job import RunJob, flink_runner
from ops.difference import Difference
from ops.hours import Hours

#: Any constant: one run at a time.
_ADVISORY_LOCK: Final = 7_310_457_002

#: The session of a run that was killed a moment ago may still be ending.
_LOCK_WAIT = "SET lock_timeout = '2s'"


class Refused(RuntimeError):
    """The hours cannot be replaced; the message says why and what to do. Nothing was changed."""


class Declined(Refused):
    """The difference was shown, and nobody wanted the hours replaced."""


def reprocess(
    dsn: str,
    range_: Hours,
    run_job: RunJob,
    confirm: Callable[[Difference], bool],
    drop: Collection[str] = (),
    *,
    source: str = "raw",
    trust: bool = True,
) -> int | None:
    """Count the hours anew and replace them; returns the new epoch, None where nothing was to be changed.

    `confirm` sees the difference and decides. `drop` names batches that the recount may lack. `source` is the topic
    that `run_job` reads: one of enriched takes no doubt of enrichment away. `trust`: hours that the recount confirms
    lose their marks of doubt too. Raises Refused, and whatever `run_job` raises.
    """
    with _alone(dsn) as connection:
        _require_settled(connection, range_)
        _require_sound_build(connection)
        shadow.drop_leftovers(dsn)
        schema = shadow.create(dsn)
        try:
            run_job(schema, hours.epoch_ms(range_.first), hours.epoch_ms(range_.last))
            _require_sound(dsn, schema, range_)
            found = _compare(connection, schema, range_, drop)
            if not found:
                if trust:
                    _trust(connection, schema, range_, drop, source)
                return None
            if not confirm(found):
                raise Declined("the difference was not confirmed")
            return _replace(connection, schema, range_, drop, source)
        finally:
            shadow.drop(dsn, schema)


@contextmanager
def _alone(dsn: str) -> Iterator[Connection]:
    """The connection that replaces. It holds the lock of runs: where it is lost, so is the right to replace."""
    connection = psycopg2.connect(dsn)
    try:
        _take_lock(connection)
        yield connection
    finally:
        connection.close()


def _take_lock(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(_LOCK_WAIT)
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        except LockNotAvailable as error:
            raise Refused("another reprocess is running: wait for its end") from error
        cursor.execute("RESET lock_timeout")


def _require_settled(connection: Connection, range_: Hours) -> None:
    if range_.first <= hours.EPOCH:
        raise Refused(
            f"{hours.show(hours.EPOCH)} holds batches of nothing but rejected lines: they are counted with the hours"
            " that they were published in"
        )
    with connection, connection.cursor() as cursor:
        reached = watermark.read(cursor)
    needed = range_.end + watermark.SETTLED_AFTER
    if reached is None or reached < needed:
        stands = f"at {reached.astimezone(UTC):%Y-%m-%dT%H:%M}" if reached else "not known yet"
        raise Refused(
            f"{hours.show(range_.last)} is not settled: the media-usage job's watermark is {stands},"
            f" and must reach {needed:%Y-%m-%dT%H:%M}"
        )


def _require_sound_build(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        if doubt.is_broken(cursor, BUILD_ID):
            raise Refused(f"this is build {BUILD_ID}, which is marked as broken: run from the tree of another build")


def _require_sound(dsn: str, schema: str, range_: Hours) -> None:
    if wrong := shadow.differences(dsn, schema, range_):
        raise Refused(f"the recount does not add up: {difference.some_of(wrong)}")


def _compare(connection: Connection, schema: str, range_: Hours, drop: Collection[str]) -> Difference:
    with connection, connection.cursor() as cursor:
        _require_complete(cursor, schema, range_, drop)
        return difference.measure(cursor, schema, range_)


def _require_complete(cursor: Cursor, schema: str, range_: Hours, drop: Collection[str]) -> None:
    """Every batch of the live tables is in the recount, but for those to drop, which are not."""
    missing = difference.missing_batches(cursor, schema, range_)
    if lost := [str(batch) for batch in missing if batch.batch_id not in drop]:
        raise Refused(
            f"the recount lacks {len(lost)} batches of the bill ({difference.some_of(lost)}): if they have just"
            " arrived, run again; if raw has expired, set REPROCESS_SOURCE=enriched; if somebody made them by hand,"
            " give --drop for each"
        )
    if real := sorted(set(drop) - {batch.batch_id for batch in missing}):
        raise Refused(
            f"not lacking in the recount, or not in these hours: {difference.some_of(real)}; drop only others"
        )


def _replace(connection: Connection, schema: str, range_: Hours, drop: Collection[str], source: str) -> int | None:
    """In one transaction."""
    with connection, connection.cursor() as cursor:
        found = _compare_locked(cursor, schema, range_, drop)
        sql.run(cursor, "reprocess_trust", range_, schema, source=source)
        if not found:
            return None
        epoch = _next_epoch(cursor)
        sql.run(cursor, "reprocess_replace", range_, schema, epoch=epoch)
        return epoch


def _trust(connection: Connection, schema: str, range_: Hours, drop: Collection[str], source: str) -> None:
    """Take marks of doubt away, because the recount says what the bill says. Where there is none, nobody has to wait.

    Compared again: a broken build's batch that was counted since has marked its hour, and the recount lacks it.
    """
    with connection, connection.cursor() as cursor:
        if not doubt.standing(connection, range_):
            return
        if _compare_locked(cursor, schema, range_, drop):
            raise Refused("the bill has changed since it was compared: run again")
        sql.run(cursor, "reprocess_trust", range_, schema, source=source)


def _compare_locked(cursor: Cursor, schema: str, range_: Hours, drop: Collection[str]) -> Difference:
    """What was compared before is compared again, now that nobody can write."""
    bill_lock.take(cursor, "EXCLUSIVE")
    _require_complete(cursor, schema, range_, drop)
    return difference.measure(cursor, schema, range_)


def _next_epoch(cursor: Cursor) -> int:
    cursor.execute("SELECT nextval('reprocess_epoch')")
    [(epoch,)] = cursor.fetchall()
    return int(epoch)


def _asker(*, dry_run: bool, assume_yes: bool) -> Callable[[Difference], bool]:
    """Shows the difference and, unless told, asks."""

    def confirm(found: Difference) -> bool:
        print(difference.report(found))
        return not dry_run and (assume_yes or consent.ask("Replace these hours?"))

    return confirm


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops.reprocess", description="Count settled hours anew and replace them.")
    parser.add_argument("first", metavar="FROM", type=hours.parse, help="first hour, such as 2026-09-01T00 (UTC)")
    parser.add_argument("last", metavar="TO", type=hours.parse, help="last hour, included")
    parser.add_argument("--dry-run", action="store_true", help="show the difference and replace nothing")
    parser.add_argument("--yes", action="store_true", help="replace without asking")
    parser.add_argument(
        "--drop", action="append", default=[], metavar="BATCH", help="a batch that the recount may lack"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """0 where the hours are as the recount says, 1 where they differ or were refused, 2 where a setting is wrong."""
    given = _parse(arguments)
    confirm = _asker(dry_run=given.dry_run, assume_yes=given.yes)
    try:
        chosen = settings.from_environment(os.environ)
        range_ = Hours(given.first, given.last)
        run_job = flink_runner(chosen.flink_run)
        epoch = reprocess(
            chosen.billing_dsn,
            range_,
            run_job,
            confirm,
            given.drop,
            source=chosen.recount_source,
            trust=not given.dry_run,
        )
    except settings.InvalidSetting as error:
        print(f"reprocess: {error}", file=sys.stderr)
        return 2
    except (Refused, hours.InvalidHour) as refusal:
        if given.dry_run and isinstance(refusal, Declined):
            print(f"dry run: hours {range_} differ, nothing was replaced")
        else:
            print(f"refused: {refusal}", file=sys.stderr)
        return 1
    print(f"replaced hours {range_}, epoch {epoch}" if epoch else f"hours {range_}: nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
