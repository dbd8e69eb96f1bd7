"""The batch contract: the constants and rules on which exactly-once billing stands.

They are constants of id version 1 and never settings: a collector with other cuts or another hash would give
a retried delivery other ids, and its lines would be billed twice. docs/architecture.md gives the reasons.
"""

from __future__ import annotations

import hashlib
from typing import Final

from google.protobuf.message import DecodeError

from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader, BatchKind

ID_VERSION: Final = 1
BLOCK_MAX_LINES: Final = 1_000
BLOCK_MAX_BYTES: Final = 256 * 1024
LINE_MAX_BYTES: Final = BLOCK_MAX_BYTES
HOUR_MS: Final = 3_600_000
#: A batch published later than this after the end of its hour is late: it becomes a correction.
BILLING_HORIZON_MS: Final = 48 * HOUR_MS
#: Windows take on-time batches this long after the end of their hour: the horizon and slack for skew.
ALLOWED_LATENESS_MS: Final = 72 * HOUR_MS
#: Events further ahead of `received_at` are dead letters: one of them would push everyone's watermark.
MAX_FUTURE_MS: Final = 5 * 60_000
#: Events older than this at `received_at` are dead letters.
MAX_AGE_MS: Final = 45 * 24 * HOUR_MS
#: `hour_ms` of a batch that carries rejects only, so that its id does not depend on when it was received.
NO_HOUR_MS: Final = 0


class InvalidBatch(ValueError):
    """A message that breaks the contract. Never retried: it is a dead letter."""


def hour_of(event_time_ms: int) -> int:
    """Start of the UTC hour of an event time, both in epoch milliseconds."""
    return event_time_ms - event_time_ms % HOUR_MS


def batch_id(source_id: str, delivery_id: str, hour_ms: int, first_line: int) -> str:
    """Identity of a batch, equal for every retry of its delivery to whichever collector.

    The parts are length-prefixed, so that no choice of names makes two different batches alike.
    """
    parts = (f"v{ID_VERSION}", source_id, delivery_id, str(hour_ms), str(first_line))
    text = "".join(f"{len(part.encode())}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def delivery_id_of_body(body: bytes) -> str:
    """Identity of a delivery whose provider gives none: SHA-256 of its decompressed body."""
    return hashlib.sha256(body).hexdigest()


def is_late(hour_ms: int, published_at_ms: int) -> bool:
    """Whether a copy published now belongs to corrections. A property of the data, never of a watermark."""
    return published_at_ms - (hour_ms + HOUR_MS) > BILLING_HORIZON_MS


def kafka_timestamp(batch: AccessLogBatch, newest_event_ms: int | None = None) -> int:
    """CreateTime of a batch: its newest event time; of a late batch and of a heartbeat, `published_at`.

    Windows take it for event time, and retention goes by it, so that late data gets the full retention. Who has just
    made the batch gives its newest event time: to look for it costs 0.2 µs a record.

    Raises InvalidBatch for an event time outside the batch's hour, which would move everyone's watermark, and
    for a batch of an hour without records.
    """
    header = batch.header
    if header.kind == BatchKind.BATCH_KIND_HEARTBEAT or header.late:
        return header.published_at_ms
    if newest_event_ms is None:
        newest_event_ms = header.hour_ms + max((record.event_offset_ms for record in batch.records), default=HOUR_MS)
    _require(hour_of(newest_event_ms) == header.hour_ms, "no record, or an event time outside the hour")
    return newest_event_ms


def stamp_publication(batch: AccessLogBatch, published_at_ms: int) -> None:
    """Set what each copy of a batch says of its own publication."""
    batch.header.published_at_ms = published_at_ms
    batch.header.late = is_late(batch.header.hour_ms, published_at_ms)


def kafka_key(header: BatchHeader) -> bytes:
    """Kafka key on raw and enriched: one raw partition feeds exactly one enriched partition."""
    is_heartbeat = header.kind == BatchKind.BATCH_KIND_HEARTBEAT
    return (header.heartbeat.key if is_heartbeat else header.batch_id).encode()


def parse_batch(payload: bytes) -> AccessLogBatch:
    """Decode a message of raw or enriched and check the contract. Raises InvalidBatch."""
    try:
        batch = AccessLogBatch.FromString(payload)
    except (DecodeError, ValueError) as error:  # ValueError: the pure-Python parser on text that is not UTF-8
        raise InvalidBatch("no AccessLogBatch message") from error
    check_contract(batch)
    return batch


def check_contract(batch: AccessLogBatch) -> None:
    """Raise InvalidBatch unless the header keeps the contract that windows and deduplication stand on."""
    header = batch.header
    if header.kind == BatchKind.BATCH_KIND_HEARTBEAT:
        _require(not batch.records, "a heartbeat carries records")
        _require(bool(header.heartbeat.key), "a heartbeat has no key")
        return
    _require(header.kind == BatchKind.BATCH_KIND_RECORDS, f"unknown batch kind {header.kind}")
    _require(len(batch.records) <= BLOCK_MAX_LINES, f"more than {BLOCK_MAX_LINES} records")
    _check_id(header)
    _check_hour(header)
    has_hour = header.hour_ms != NO_HOUR_MS
    _require(has_hour == bool(batch.records), "records without an hour, or an hour without records")


def _check_id(header: BatchHeader) -> None:
    _require(header.id_version == ID_VERSION, f"unknown id version {header.id_version}")
    expected = batch_id(header.source_id, header.delivery_id, header.hour_ms, header.first_line)
    _require(header.batch_id == expected, "batch_id does not follow from source, delivery, hour and line")


def _check_hour(header: BatchHeader) -> None:
    _require(header.hour_ms % HOUR_MS == 0, "hour_ms is not the start of an hour")
    _require(header.late == is_late(header.hour_ms, header.published_at_ms), "late contradicts published_at")
    if header.hour_ms == NO_HOUR_MS:
        return
    _require(header.hour_ms <= header.received_at_ms + MAX_FUTURE_MS, "its hour lies in the future")
    _require(header.hour_ms + HOUR_MS > header.received_at_ms - MAX_AGE_MS, "its hour is too long ago")


def _require(holds: bool, why_not: str) -> None:
    if not holds:
        raise InvalidBatch(why_not)
