"""One backfill: every file is read twice, to say what it would do and to do it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import psycopg2
from psycopg2.extensions import cursor as Cursor

from collectors.batches.blocks import BlockResult, Delivery, cut_blocks, parse_block
from collectors.origin import Origin
from collectors.settings import Settings
from ops import audit, publication
from ops.backfill import ledger, plan
from ops.backfill.log_file import LogFile
from ops.backfill.opening import Opener, Unusable
from ops.backfill.plan import Contents, Judged, Surroundings
from ops.backfill.progress import Progress
from ops.publication import NotPublished
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter

#: Blocks that are looked up in the ledger together.
_AT_ONCE = 100


@dataclass(kw_only=True)
class Examined:
    """What the files hold. `deliveries` are what will be published: the identity of each file, by name."""

    contents: Contents = field(default_factory=Contents)
    deliveries: dict[str, str] = field(default_factory=dict)
    #: Why a collector would refuse a file, by name.
    refused: dict[str, str] = field(default_factory=dict)
    #: Files with the content of another one.
    copies: int = 0
    identities: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Sent:
    """What was published."""

    batches: int = 0
    records: int = 0
    dead_letters: int = 0

    def add(self, result: BlockResult) -> None:
        self.batches += len(result.batches)
        self.records += sum(len(batch.records) for batch in result.batches)
        self.dead_letters += len(result.dead_letters)


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """One run over some files of one source."""

    settings: Settings
    dsn: str
    opener: Opener
    origin: Origin
    files: Sequence[LogFile]

    def examine(self) -> Examined:
        """Read every file and look its batches up. Raises OSError, psycopg2.Error."""
        found, progress = Examined(), Progress("examined", len(self.files))
        with closing(psycopg2.connect(self.dsn)) as connection:
            for file in self.files:
                with connection, connection.cursor() as cursor:
                    self._examine(cursor, file, found, progress)
                progress.file()
        return found

    def judge(self, contents: Contents) -> list[Judged]:
        """What the ledger says of the hours of the files. Raises psycopg2.Error."""
        source = self.opener.source
        with closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as cursor:
            around = Surroundings(
                ledger=ledger.of_source(cursor, source.id, contents.hours),
                closed=ledger.last_closed(cursor),
                deduplicates=self.opener.deduplicates,
                now_ms=self.settings.clock.now_ms(),
            )
        return plan.judge(contents, around)

    def lost(self) -> list[str]:
        """What collectors claim of the source and the ledger lacks, in the audit's words. Raises psycopg2.Error."""
        with closing(psycopg2.connect(self.dsn)) as connection:
            audit.remember_heartbeats(connection)
            differences = audit.of_collectors(connection).differences
        return [told for told in differences if told.startswith(f"{self.opener.source.id}: ")]

    def publish(self, examined: Examined, chosen: Collection[datetime]) -> Sent:
        """Put into raw what the ledger lacks of the chosen hours. Raises NotPublished, OSError, psycopg2.Error."""
        sent = Sent()
        publication.publish(self.settings, self.origin, self._messages(examined, chosen, sent))
        return sent

    def _examine(self, cursor: Cursor, file: LogFile, found: Examined, progress: Progress) -> None:
        try:
            delivery = self.opener.open(file)
            if delivery is None:
                return
            if delivery.delivery_id in found.identities:
                found.copies += 1
                return
            found.identities.add(delivery.delivery_id)
            found.contents.merge(self._readable(cursor, delivery, progress))
        except Unusable as refusal:
            found.refused[file.name] = str(refusal)
        else:
            found.deliveries[file.name] = delivery.delivery_id

    def _readable(self, cursor: Cursor, delivery: Delivery, progress: Progress) -> Contents:
        """What a delivery holds. Raises Unusable where that is nothing but new rejected lines."""
        contents = Contents()
        for result, recorded in self._blocks(cursor, delivery):
            contents.add(result, recorded)
            progress.lines(plan.lines_of(result))
        if contents.new_rejects and not contents.records:
            reasons = ", ".join(sorted(contents.rejected))
            raise Unusable(
                f"none of its {contents.lines:,} lines can be read ({reasons}): not of this source's format?"
            )
        return contents

    def _messages(
        self, examined: Examined, chosen: Collection[datetime], sent: Sent
    ) -> Iterator[AccessLogBatch | DeadLetter]:
        files = [file for file in self.files if file.name in examined.deliveries]
        progress = Progress("published", len(files))
        with closing(psycopg2.connect(self.dsn)) as connection:
            for file in files:
                delivery = self._again(file, examined.deliveries[file.name])
                with connection, connection.cursor() as cursor:
                    for result, recorded in self._blocks(cursor, delivery):
                        parcel = plan.wanted(result, recorded, chosen)
                        yield from parcel.batches
                        yield from parcel.dead_letters
                        sent.add(parcel)
                        progress.lines(plan.lines_of(result))
                progress.file()

    def _again(self, file: LogFile, delivery_id: str) -> Delivery:
        try:
            delivery = self.opener.open(file)
        except Unusable:
            delivery = None
        if delivery is None or delivery.delivery_id != delivery_id:
            raise NotPublished(f"{file.name} has changed since it was examined; run again when nobody writes to it")
        return delivery

    def _blocks(self, cursor: Cursor, delivery: Delivery) -> Iterator[tuple[BlockResult, dict[str, int]]]:
        """Each block, and the records of those of its batches that the ledger has."""
        parse = self.opener.source.parse
        results = (parse_block(delivery, block, parse, self.origin) for block in cut_blocks(delivery.lines))
        while some := list(islice(results, _AT_ONCE)):
            recorded = ledger.recorded(cursor, [batch for result in some for batch in result.batches])
            for result in some:
                yield result, recorded
