"""Read and replay dead letters: `python -m ops.dead_letters list|replay [--source ID] [--reason WORD] ...`.

`list` counts the chosen ones by source and reason, or shows each. `replay` reads them by what is known now, after a fix
of a parser or of the file of sources, and puts what becomes of them into raw again; it shows first what it would do.
One is chosen by its provenance, some by source, reason or time, all by `--all`.

Runs with the environment of a collector (COLLECTOR_KAFKA_BOOTSTRAP, COLLECTOR_SOURCES_FILE and what that refers to),
and with BILLING_DSN for a replay. Run twice or killed half-way it bills nothing twice: ids follow from provenance. What
is still rejected is told, and makes no further dead letter. What is late by now becomes a correction.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import psycopg2

from collectors.kafka.config import producer_config
from collectors.origin import Origin
from collectors.settings import InvalidSettings, Settings, read_settings
from collectors.sources import InvalidSources, Sources, load_sources
from ops import consent, counted, judgement, letters, publication, topic
from ops.judgement import Judged, Verdict
from ops.letters import Letter, Selection
from ops.replay_report import Report
from ops.settings import InvalidSetting, from_environment
from schemas.cdn_logs_pb2 import DeadLetter
from schemas.topics import DEAD_LETTER

#: Letters that are judged together: so many are in memory, and copies among them are told as one.
_AT_ONCE: Final = 10_000
_LEFT: Final = 1
_WRONG: Final = 2


def read(settings: Settings, selection: Selection) -> Iterator[Letter]:
    """The chosen dead letters, as the topic has them. Raises Unreadable."""
    for message in topic.read(topic.connection_of(producer_config(settings)), DEAD_LETTER):
        letter = Letter(message.timestamp()[1], DeadLetter.FromString(message.value()))
        if selection.takes(letter):
            yield letter


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One run. Letters that come after its start are none of its business."""

    settings: Settings
    sources: Sources
    dsn: str
    selection: Selection
    origin: Origin

    def judged(self) -> Iterator[Judged]:
        """What becomes of each chosen letter. Raises Unreadable, psycopg2.Error."""
        kafka = topic.connection_of(producer_config(self.settings))
        chosen = read(self.settings, self.selection)
        with closing(psycopg2.connect(self.dsn)) as connection:
            while some := list(islice(chosen, _AT_ONCE)):
                found = judgement.judge(some, self.sources.get, self.origin)
                with connection, connection.cursor() as cursor:
                    yield from counted.settle(cursor, found, kafka)

    def publish(self) -> None:
        """Put what is to be replayed into raw. Raises NotPublished, and what `judged` raises."""
        batches = (one.batch for one in self.judged() if one.verdict is Verdict.REPLAY and one.batch is not None)
        publication.publish(self.settings, self.origin, batches)


def _list(settings: Settings, given: argparse.Namespace) -> int:
    chosen = read(settings, _selection(given))
    if given.each or given.payload:
        for letter in chosen:
            print(letters.describe(letter, payload=given.payload))
        return 0
    print("\n".join(letters.overview(chosen)) or "no dead letters")
    return 0


def _replay(settings: Settings, given: argparse.Namespace) -> int:
    run = Replay(
        settings=settings,
        sources=load_sources(settings.sources_file, http_host=settings.http_host, environ=os.environ),
        dsn=from_environment(os.environ).billing_dsn,
        selection=_until_now(_selection(given)),
        origin=publication.new_origin(),
    )
    report = Report(run.judged())
    print("\n".join(report.lines()) or "no dead letters")
    if wanted := report.count(Verdict.REPLAY):
        if given.dry_run:
            print("dry run: nothing was replayed")
        elif given.yes or consent.ask(f"Replay {wanted:,}?"):
            run.publish()
            print(f"replayed {wanted:,} as {run.origin.boot_id}")
        else:
            print("refused: the replay was not confirmed", file=sys.stderr)
            return _LEFT
    return _LEFT if report.count(Verdict.REJECTED, Verdict.DOUBTFUL) else 0


def _selection(given: argparse.Namespace) -> Selection:
    return Selection(
        origin=given.source,
        reason=given.reason,
        provenance=given.provenance,
        since=given.since,
        until=given.until,
    )


def _until_now(selection: Selection) -> Selection:
    now = datetime.now(UTC)
    return replace(selection, until=min(selection.until or now, now))


def _moment(text: str) -> datetime:
    """A time; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _parser() -> argparse.ArgumentParser:
    choice = argparse.ArgumentParser(add_help=False)
    choice.add_argument("--source", metavar="ID", help="of this source; or of this topic, for whole messages")
    choice.add_argument("--reason", metavar="WORD", help="rejected for this reason, such as bad-json")
    choice.add_argument("--provenance", metavar="TEXT", help="one, as `list --each` names it")
    choice.add_argument("--since", type=_moment, metavar="TIME", help="dead since then, such as 2026-09-01T10:00 (UTC)")
    choice.add_argument("--until", type=_moment, metavar="TIME", help="dead before then")
    parser = argparse.ArgumentParser(prog="ops.dead_letters", description="Read and replay dead letters.")
    commands = parser.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("list", parents=[choice], help="count them by source and reason")
    shown.add_argument("--each", action="store_true", help="a line for each instead")
    shown.add_argument("--payload", action="store_true", help="each with its content: it holds viewers' addresses")
    replayed = commands.add_parser("replay", parents=[choice], help="read them anew, and put them into raw")
    replayed.add_argument("--all", action="store_true", help="every one that there is")
    replayed.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    replayed.add_argument("--yes", action="store_true", help="replay without asking")
    return parser


def main(arguments: Sequence[str]) -> int:
    """0 where nothing is left to do; 1 where letters remain, or Kafka fails; 2 where call or settings are wrong."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "replay" and bool(_selection(given)) == given.all:
        parser.error("replay wants a choice (--source, --reason, --provenance, --since, --until), or --all")
    try:
        settings = read_settings(os.environ)
        return _list(settings, given) if given.command == "list" else _replay(settings, given)
    except (InvalidSettings, InvalidSources, InvalidSetting) as error:
        print(f"dead_letters: {error}", file=sys.stderr)
        return _WRONG
    except (topic.Unreadable, publication.NotPublished) as error:
        print(f"failed: {error}", file=sys.stderr)
        return _LEFT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
