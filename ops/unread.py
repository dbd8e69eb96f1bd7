"""Batches that stand in raw and not in the ledger: what an expired transaction, or a loss behind raw, has cost.

They are compared as far as the media-usage job's watermark: what was published before that stands in its partition
before whatever has moved the watermark there, so the job has passed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

import psycopg2
from psycopg2.extensions import connection as Connection

from ops import hours, sql, topic, watermark
from ops.checks import Result
from schemas.batch import NO_HOUR_MS, InvalidBatch, hour_of, parse_batch
from schemas.cdn_logs_pb2 import BatchHeader, BatchKind
from schemas.topics import RAW

_AT_ONCE: Final = 5_000


class Batch(NamedTuple):
    """What is asked of a message of raw."""

    header: BatchHeader
    records: int

    @property
    def hour(self) -> datetime:
        """The hour whose recount finds it: its own, or that of its publication where it holds rejects only."""
        has_hour = self.header.hour_ms != NO_HOUR_MS
        return hours.of_epoch_ms(self.header.hour_ms if has_hour else hour_of(self.header.published_at_ms))


@dataclass
class _Sums:
    batches: int = 0
    records: int = 0
    rejected: int = 0
    example: str = ""

    def add(self, batch: Batch) -> None:
        self.batches += 1
        self.records += batch.records
        self.rejected += sum(reason.count for reason in batch.header.rejected)
        self.example = self.example or batch.header.batch_id


def check(dsn: str, kafka: Mapping[str, Any]) -> Result:
    """Every batch of raw is in the ledger. Reads all of raw. Raises Unreadable."""
    examined, lost = 0, dict[str, Batch]()
    with closing(psycopg2.connect(dsn)) as connection:
        batches = _published_before(kafka, _reached(connection))
        while some := list(islice(batches, _AT_ONCE)):
            examined += len(some)
            lost |= _not_in_ledger(connection, {batch.header.batch_id: batch for batch in some})
    return Result(
        check="every batch in raw is in the ledger",
        examined=examined,
        unit="messages in raw",
        differences=tuple(differences(lost)),
    )


def differences(lost: Mapping[str, Batch]) -> Iterator[str]:
    """A line a source and hour, with the command that heals it."""
    sums: defaultdict[tuple[str, datetime], _Sums] = defaultdict(_Sums)
    for batch in lost.values():
        sums[batch.header.source_id, batch.hour].add(batch)
    for (source_id, hour), found in sorted(sums.items()):
        where = hours.show(hour)
        yield (
            f"{source_id} {where}: {found.batches} batches ({found.records} records, {found.rejected} rejected lines)"
            f" are in raw only, such as {found.example}: python -m ops.reprocess {where} {where}"
        )


def _reached(connection: Connection) -> datetime:
    with connection, connection.cursor() as cursor:
        return watermark.read(cursor) or hours.EPOCH


def _published_before(kafka: Mapping[str, Any], moment: datetime) -> Iterator[Batch]:
    until_ms = hours.epoch_ms(moment)
    for message in topic.read(kafka, RAW):
        try:
            batch = parse_batch(message.value())
        except InvalidBatch:  # a dead letter of the enrichment job
            continue
        is_heartbeat = batch.header.kind == BatchKind.BATCH_KIND_HEARTBEAT
        if not is_heartbeat and batch.header.published_at_ms < until_ms:
            yield Batch(batch.header, len(batch.records))


def _not_in_ledger(connection: Connection, batches: Mapping[str, Batch]) -> dict[str, Batch]:
    with connection, connection.cursor() as cursor:
        moments = [hours.of_epoch_ms(batch.header.hour_ms) for batch in batches.values()]
        sql.run(cursor, "audit_unread", hours=moments, batches=list(batches))
        return {name: batches[name] for (name,) in cursor.fetchall()}
