"""What the billing database knows of a source's batches and hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from psycopg2.extensions import cursor as Cursor

from ops import hours, sql, watermark
from ops.backfill.plan import Counted
from schemas.cdn_logs_pb2 import AccessLogBatch


def recorded(cursor: Cursor, batches: Sequence[AccessLogBatch]) -> dict[str, int]:
    """Records of those batches that the ledger has, by id."""
    headers = [batch.header for batch in batches]
    moments = sorted({hours.of_epoch_ms(header.hour_ms) for header in headers})
    sql.run(cursor, "backfill_recorded", hours=moments, batches=[header.batch_id for header in headers])
    return {name: records for _, name, records in cursor.fetchall()}


def of_source(cursor: Cursor, source_id: str, moments: Iterable[datetime]) -> dict[datetime, Counted]:
    """What the ledger has of a source in these hours."""
    sql.run(cursor, "backfill_hours", source=source_id, hours=list(moments))
    return {hour: Counted(batches, int(records)) for hour, batches, records in cursor.fetchall()}


def last_closed(cursor: Cursor) -> datetime | None:
    """The last hour whose windows have fired; None before the media-usage job has told."""
    reached = watermark.read(cursor)
    return None if reached is None else watermark.last_closed(reached)
