"""Bill what stands in CDN log files: `python -m ops.backfill SOURCE PLACE...`.

A place is a file, a folder, or the URL of objects in a bucket (docs/operations/backfill.md).

Reads the files as a collector would have read them in a POST, and puts what the ledger lacks into raw. First it shows,
hour by hour, what that is, and what of it may be billed already. `--dry-run` stops there. Hours of which the ledger has
other deliveries of the source, or that are not closed, are refused unless the source's lines are recognised:
`--only-missing` leaves them out, `--force` does not.

Runs with the environment of a collector (COLLECTOR_KAFKA_BOOTSTRAP, COLLECTOR_SOURCES_FILE and what that refers to),
and with BILLING_DSN. A file is a delivery, whose identity is the SHA-256 of its decompressed content: one that was
posted before, or is read twice, or was read half-way by a run that was killed, makes the same batches and bills once.
Published is by the real clock: what is beyond the billing horizon becomes a correction.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import psycopg2

from collectors.settings import InvalidSettings, Settings, read_settings
from collectors.sources import InvalidSources, Source, load_sources
from ops import consent, publication
from ops.backfill import files, plan, report
from ops.backfill.log_file import NoFiles
from ops.backfill.opening import FRAMINGS, Opener
from ops.backfill.plan import Judged
from ops.backfill.run import Backfill, Examined
from ops.settings import InvalidSetting, from_environment

#: Boot ids of backfills begin so.
BOOT: Final = "backfill-"
_LEFT: Final = 1
_WRONG: Final = 2


class UnknownSource(ValueError):
    """The file of sources does not have it."""


class Refused(RuntimeError):
    """Nothing was published; the message says why."""


def backfill(run: Backfill, given: argparse.Namespace) -> int:
    """Examine, tell, ask, publish. Raises Refused, and what reading and publishing raise."""
    examined = run.examine()
    judged = run.judge(examined.contents)
    _tell(run, examined, judged)
    chosen = _chosen(judged, given)
    if not chosen and not examined.contents.new_rejects:
        print("nothing to publish")
    elif given.dry_run:
        print("dry run: nothing was published")
    elif given.yes or consent.ask(f"Publish {_records(judged, chosen):,} records?"):
        sent = run.publish(examined, chosen)
        print(
            f"published {sent.records:,} records in {sent.batches:,} batches and {sent.dead_letters:,} dead letters"
            f" as {run.origin.boot_id}"
        )
    else:
        raise Refused("refused: the backfill was not confirmed")
    return _LEFT if examined.refused else 0


def _tell(run: Backfill, examined: Examined, judged: Sequence[Judged]) -> None:
    for name, why in examined.refused.items():
        print(f"refused: {name}: {why}")
    print(report.overview(len(run.files), len(examined.refused), examined.copies, examined.contents))
    print("\n".join(report.by_hour(judged)))
    for lost in run.lost():
        print(report.warning(lost))


def _records(judged: Sequence[Judged], chosen: Collection[datetime]) -> int:
    return sum(one.sums.new.records for one in judged if one.hour in chosen)


def _chosen(judged: Sequence[Judged], given: argparse.Namespace) -> set[datetime]:
    """The hours to publish. Raises Refused where that must be decided first."""
    doubtful = plan.doubtful(judged)
    if doubtful and not given.force and not given.only_missing:
        raise Refused(report.objection(doubtful))
    wanted = [one for one in judged if one.sums.new.batches]
    return {one.hour for one in wanted if given.force or one.verdict in plan.SAFE}


def _run(given: argparse.Namespace) -> Backfill:
    settings = read_settings(os.environ)
    return Backfill(
        settings=settings,
        dsn=from_environment(os.environ).billing_dsn,
        opener=Opener(
            source=_source(settings, given.source),
            limits=settings.limits,
            received_at_ms=settings.clock.now_ms(),
            framing=given.framing,
        ),
        origin=publication.new_origin(BOOT),
        files=files.find(given.places),
    )


def _source(settings: Settings, name: str) -> Source:
    has_client_ca = settings.tls is not None and settings.tls.client_ca is not None
    sources = load_sources(
        settings.sources_file, http_host=settings.http_host, environ=os.environ, has_client_ca=has_client_ca
    )
    source = sources.get(name)
    if source is None:
        raise UnknownSource(f"{settings.sources_file} has no source {name!r}: add it, or name one that it has")
    return source


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ops.backfill", description="Bill what stands in CDN log files.")
    parser.add_argument("source", metavar="SOURCE", help="id of the source whose lines they are")
    parser.add_argument(
        "places", nargs="+", metavar="PLACE", help="file, folder, or s3://, gs:// or az:// URL that names begin with"
    )
    parser.add_argument("--framing", choices=FRAMINGS, help="how lines stand in the files, where not as in a POST")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--yes", action="store_true", help="publish without asking")
    hours = parser.add_mutually_exclusive_group()
    hours.add_argument("--only-missing", action="store_true", help="leave doubtful hours out")
    hours.add_argument("--force", action="store_true", help="publish doubtful hours too: may bill lines twice")
    return parser


def main(arguments: Sequence[str]) -> int:
    """0 where all is published; 1 where something was refused or failed; 2 where call or settings are wrong."""
    given = _parser().parse_args(arguments)
    try:
        return backfill(_run(given), given)
    except (InvalidSettings, InvalidSources, InvalidSetting, UnknownSource, NoFiles) as error:
        print(f"backfill: {error}", file=sys.stderr)
        return _WRONG
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return _LEFT
    except (publication.NotPublished, OSError, psycopg2.OperationalError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return _LEFT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
