"""What the demo shows of the billing database beside the bill."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from local.billing import query
from local.traffic.oracle import Amount

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


def biggest(dsn: str, count: int) -> list[Bill]:
    """Return the assets with the most delivered time, first the most."""
    return [Bill(row[0], row[1], Amount(*row[2:])) for row in query(dsn, _BIGGEST, count)]


def unresolved(dsn: str) -> list[Unresolved]:
    """Return the queue that an operator works off."""
    return [Unresolved(*row) for row in query(dsn, _UNRESOLVED)]


def late(dsn: str) -> Late:
    """Return what became of batches beyond the horizon."""
    return Late(*query(dsn, _LATE)[0])
