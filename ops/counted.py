"""Which lines of dead letters the bill has already.

By an earlier replay: its batch is in the ledger, under the id that the next replay would make.

By another copy of the delivery: a CDN repeated it, or somebody sent the file again, to a collector that could read the
line; where the line's block and hour had no batch before, that copy was counted, line and all. The ledger holds the
batches that could be it, under ids that follow from the delivery. One received in the same moment as a letter rejected
the line in that moment, so it cannot be. Any other must be looked at, in raw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from typing import Any

from psycopg2.extensions import cursor as Cursor

from ops import hours, sql, topic
from ops.judgement import Judged, Verdict
from schemas.batch import BLOCK_MAX_LINES, batch_id, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader
from schemas.topics import RAW


def settle(cursor: Cursor, judged: Sequence[Judged], connection: Mapping[str, Any]) -> list[Judged]:
    """Judgements with what ledger and raw know. `connection` leads to Kafka, for the few that need a look at raw."""
    recorded = _recorded(cursor, [header for one in judged if (header := _header(one))])
    marked = [_as_recorded(one, recorded) for one in judged]
    suspects = _suspects(cursor, marked)
    if not suspects:
        return marked
    copies = first_copies(connection, {batch for batches in suspects.values() for batch in batches}, _oldest(marked))
    return [look(one, suspects.get(one.first.provenance, ()), copies) for one in marked]


def look(judged: Judged, suspects: Sequence[str], copies: Mapping[str, AccessLogBatch]) -> Judged:
    """The judgement of a line that some of the suspects may hold. `copies` are their messages, as far as there are."""
    for suspect in suspects:
        if suspect in copies and any(record.line == judged.first.letter.line for record in copies[suspect].records):
            return replace(judged, verdict=Verdict.COUNTED, why=f"batch {suspect} holds it")
    for suspect in suspects:
        if suspect not in copies:
            return replace(
                judged, verdict=Verdict.DOUBTFUL, why=f"raw does not have batch {suspect}, which may hold it"
            )
    return judged


def suspects_of(judged: Judged, received_ms: Mapping[str, int]) -> list[str]:
    """Batches of the ledger that may hold a line. `received_ms` tells when their deliveries were received."""
    letter, header = judged.first.letter, _header(judged)
    if letter.topic or header is None:
        return []
    rejected_ms = {copy.letter.received_at_ms for copy in judged.letters}
    blocks = range(max(0, letter.line - BLOCK_MAX_LINES + 1), letter.line + 1)
    names = (_block_id(letter.source_id, letter.delivery_id, header.hour_ms, block) for block in blocks)
    return [name for name in names if received_ms.get(name, letter.received_at_ms) not in rejected_ms]


def first_copies(connection: Mapping[str, Any], wanted: set[str], since_ms: int) -> dict[str, AccessLogBatch]:
    """First message in raw of each batch, by id: the one that deduplication counts. Raises Unreadable."""
    found: dict[str, AccessLogBatch] = {}
    keys = {name.encode() for name in wanted}
    with closing(topic.read(connection, RAW, since_ms)) as messages:
        for message in messages:
            if message.key() in keys:
                keys.discard(message.key())
                found[message.key().decode()] = parse_batch(message.value())
            if not keys:
                break
    return found


def _recorded(cursor: Cursor, headers: Sequence[BatchHeader]) -> set[str]:
    moments = [hours.of_epoch_ms(header.hour_ms) for header in headers]
    sql.run(cursor, "replay_recorded", hours=sorted(set(moments)), batches=[header.batch_id for header in headers])
    return {name for (name,) in cursor.fetchall()}


def _as_recorded(judged: Judged, recorded: set[str]) -> Judged:
    header = _header(judged)
    return replace(judged, verdict=Verdict.RECORDED) if header and header.batch_id in recorded else judged


def _suspects(cursor: Cursor, judged: Sequence[Judged]) -> dict[str, list[str]]:
    """Suspects by provenance, of what is to be replayed."""
    replayed = [one for one in judged if one.verdict is Verdict.REPLAY and not one.first.letter.topic]
    headers = [header for one in replayed if (header := _header(one))]
    moments = sorted({hours.of_epoch_ms(header.hour_ms) for header in headers})
    sources = sorted({header.source_id for header in headers})
    sql.run(cursor, "replay_deliveries", hours=moments, sources=sources)
    received_ms: dict[str, int] = dict(cursor.fetchall())
    found = ((one.first.provenance, suspects_of(one, received_ms)) for one in replayed)
    return {provenance: suspects for provenance, suspects in found if suspects}


def _oldest(judged: Sequence[Judged]) -> int:
    return min(one.batch.header.hour_ms for one in judged if one.batch is not None)


def _header(judged: Judged) -> BatchHeader | None:
    return None if judged.batch is None else judged.batch.header


@lru_cache(maxsize=100_000)
def _block_id(source_id: str, delivery_id: str, hour_ms: int, first_line: int) -> str:
    return batch_id(source_id, delivery_id, hour_ms, first_line)
