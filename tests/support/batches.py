"""Batches as collectors write them, for tests of everything behind the collectors."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.batch import batch_id, stamp_publication
from schemas.cdn_logs_pb2 import (
    AccessLog,
    AccessLogBatch,
    BatchHeader,
    BatchKind,
    Heartbeat,
    Method,
    ReasonCount,
    SourceTotals,
)

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def delivery(path: str, offset_ms: int = 0, **fields: object) -> AccessLog:
    """A whole 200 GET of a path, unless told otherwise."""
    values: dict[str, object] = {
        "method": Method.METHOD_GET,
        "status": 200,
        "body_bytes": 1_000,
        "client_ip": "192.0.2.77",
    }
    return AccessLog(path=path, event_offset_ms=offset_ms, **{**values, **fields})  # type: ignore[arg-type]


def batch(
    records: Iterable[AccessLog],
    *,
    hour_ms: int,
    delivery_id: str = "delivery-1",
    source_id: str = "fastly-main",
    first_line: int = 0,
    published_at_ms: int | None = None,
    rejected: dict[str, int] | None = None,
) -> AccessLogBatch:
    """A raw batch that keeps the contract; published right after its hour unless told otherwise."""
    published = hour_ms + HOUR_MS if published_at_ms is None else published_at_ms
    made = AccessLogBatch(
        header=BatchHeader(
            kind=BatchKind.BATCH_KIND_RECORDS,
            batch_id=batch_id(source_id, delivery_id, hour_ms, first_line),
            id_version=1,
            source_id=source_id,
            cdn="fastly",
            delivery_id=delivery_id,
            first_line=first_line,
            hour_ms=hour_ms,
            received_at_ms=published,
            collector_build="test",
            collector_boot="boot-1",
            rejected=[ReasonCount(reason=reason, count=count) for reason, count in (rejected or {}).items()],
        ),
        records=records,
        hosts=[""],
        user_agents=[""],
        pops=[""],
    )
    for line, record in enumerate(made.records, start=first_line):
        record.line = line
    stamp_publication(made, published)
    return made


def heartbeat(key: str, now_ms: int, totals: Iterable[SourceTotals] = (), boot_id: str = "boot-1") -> AccessLogBatch:
    """A heartbeat as a collector writes it at `now_ms`."""
    return AccessLogBatch(
        header=BatchHeader(
            kind=BatchKind.BATCH_KIND_HEARTBEAT,
            published_at_ms=now_ms,
            heartbeat=Heartbeat(boot_id=boot_id, key=key, totals=totals),
        )
    )
