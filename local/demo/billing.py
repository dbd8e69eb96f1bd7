"""What stands in the billing database, asked in SQL as anybody may who has its address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import psycopg2

from local.demo.oracle import Amount, Key
from ops import watermark as stored_watermark

_ROWS = """
SELECT (extract(epoch FROM hour) * 1000)::bigint, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
FROM billable_usage
"""
_BIGGEST = """
SELECT environment_id, asset_id, sum(delivered_ms)::bigint, sum(deliveries)::bigint, sum(bytes)::bigint
FROM billable_usage GROUP BY environment_id, asset_id ORDER BY 3 DESC, asset_id LIMIT %s
"""
_UNRESOLVED = "SELECT asset_id, first_hour, last_hour, records FROM unresolved_assets ORDER BY asset_id"
_LATE = """
SELECT count(*) FILTER (WHERE NOT on_time), coalesce(sum(billed_ms) FILTER (WHERE NOT on_time), 0)::bigint,
       count(*) FILTER (WHERE on_time)
FROM (
    SELECT late.billed_ms, EXISTS (
        SELECT FROM batch_ledger AS punctual
        WHERE punctual.hour = late.hour AND punctual.batch_id = late.batch_id AND punctual.path = 'window'
    ) AS on_time
    FROM batch_ledger AS late WHERE late.path = 'late'
) AS batches
"""


class Bill(NamedTuple):
    """What one asset costs its environment."""

    environment_id: str
    asset_id: str
    amount: Amount


class Unresolved(NamedTuple):
    """An asset that was requested and is unknown, from its first to its last hour."""

    asset_id: str
    first_hour: datetime
    last_hour: datetime
    records: int


class Late(NamedTuple):
    """Batches that came beyond the billing horizon: billed as corrections, or copies of batches that were on time."""

    corrections: int
    corrected_ms: int
    copies: int


def rows(dsn: str) -> dict[Key, Amount]:
    """Return every row of `billable_usage`."""
    return {Key(*row[:4]): Amount(*row[4:]) for row in _query(dsn, _ROWS)}


def biggest(dsn: str, count: int) -> list[Bill]:
    """Return the assets with the most delivered time, first the most."""
    return [Bill(row[0], row[1], Amount(*row[2:])) for row in _query(dsn, _BIGGEST, count)]


def unresolved(dsn: str) -> list[Unresolved]:
    """Return the queue that an operator works off."""
    return [Unresolved(*row) for row in _query(dsn, _UNRESOLVED)]


def late(dsn: str) -> Late:
    """Return what became of batches beyond the horizon."""
    return Late(*_query(dsn, _LATE)[0])


def watermark(dsn: str) -> datetime | None:
    """Return the media-usage job's stored watermark; None before the first."""
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            return stored_watermark.read(cursor)
    finally:
        connection.close()


def _query(dsn: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
    finally:
        connection.close()
