"""How far the media-usage job has seen event time, and what follows for hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from psycopg2.extensions import cursor as Cursor

from ops import hours
from schemas.batch import ALLOWED_LATENESS_MS

#: How far the watermark must be past the end of an hour until nothing on time can still arrive for it.
SETTLED_AFTER: Final = timedelta(milliseconds=ALLOWED_LATENESS_MS)


def read(cursor: Cursor) -> datetime | None:
    """The stored watermark; None before the job has stored any."""
    cursor.execute("SELECT watermark FROM job_watermark WHERE job = 'media-usage'")
    row = cursor.fetchone()
    return row[0] if row else None


def last_closed(watermark: datetime) -> datetime:
    """The last hour whose windows have fired."""
    return hours.floor(watermark) - hours.HOUR


def last_settled(watermark: datetime) -> datetime:
    """The last hour whose on-time sums are final."""
    return last_closed(watermark - SETTLED_AFTER)
