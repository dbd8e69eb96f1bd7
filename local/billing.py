"""What stands in the billing database, asked in SQL as anybody may who has its address."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any, Final

import psycopg2

from local.traffic.oracle import Amount, Key
from local.waiting import until
from ops import watermark as stored_watermark

_ROWS: Final = """
SELECT (extract(epoch FROM hour) * 1000)::bigint, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
FROM billable_usage
"""


def rows(dsn: str) -> dict[Key, Amount]:
    """Return every row of `billable_usage`."""
    return {Key(*row[:4]): Amount(*row[4:]) for row in query(dsn, _ROWS)}


def watermark(dsn: str) -> datetime | None:
    """Return the media-usage job's stored watermark; None before the first."""
    connection = psycopg2.connect(dsn)
    with closing(connection), connection, connection.cursor() as cursor:
        return stored_watermark.read(cursor)


def wait_watermark(dsn: str, wanted: datetime, seconds: float) -> None:
    """Wait until the stored watermark has reached a time. Raises TimeoutError, which says how far it has got."""
    what = f"the watermark to reach {wanted:%Y-%m-%dT%H:%M}"
    until(lambda: watermark(dsn), what, seconds, holds=lambda reached: reached is not None and reached >= wanted)


def query(dsn: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of one statement, on a connection of its own."""
    connection = psycopg2.connect(dsn)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
