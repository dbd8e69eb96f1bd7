"""The billing database as a test reads it: only the hours that belong to the test."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg2

from tests.support.batches import HOUR_MS

Row = tuple[Any, ...]

_MS = "(extract(epoch FROM {}) * 1000)::bigint"
_HOUR_MS = _MS.format("hour")
_MINE = f"{_HOUR_MS} BETWEEN %s AND %s"


class BillRow(NamedTuple):
    """A row of billable_usage, as replays are compared."""

    hour_ms: int
    environment_id: str
    asset_id: str
    tier: str
    delivered_ms: int
    deliveries: int
    bytes: int


class LedgerRow(NamedTuple):
    """A batch in the ledger."""

    batch_id: str
    path: str
    copies: int


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What stands in a billing database for the hours [first_hour_ms, last_hour_ms]."""

    dsn: str
    first_hour_ms: int
    last_hour_ms: int

    def rows(self) -> list[BillRow]:
        columns = "environment_id, asset_id, tier, delivered_ms, deliveries, bytes"
        return [BillRow(*row) for row in self._mine(f"SELECT {_HOUR_MS}, {columns} FROM billable_usage", "1, 2, 3, 4")]

    def ledger(self) -> list[LedgerRow]:
        return [LedgerRow(*row) for row in self._mine("SELECT batch_id, path, copies FROM batch_ledger", "1, 2")]

    def corrections(self) -> list[Row]:
        """(batch_id, asset, ms) of every correction, billed or not."""
        return self._mine("SELECT batch_id, asset_id, delivered_ms FROM media_usage_corrections", "1, 2")

    def watermark_ms(self) -> int:
        """How far the media-usage job has seen event time; 0 before it has seen any."""
        rows = self.query(f"SELECT {_MS.format('watermark')} FROM job_watermark WHERE job = 'media-usage'")
        return int(rows[0][0]) if rows else 0

    def query(self, statement: str, *parameters: object) -> list[Row]:
        connection = psycopg2.connect(self.dsn)
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def _mine(self, select: str, order: str) -> list[Row]:
        return self.query(f"{select} WHERE {_MINE} ORDER BY {order}", self.first_hour_ms, self.last_hour_ms)


def moment(epoch_ms: int) -> datetime:
    """An event time as operators' commands take it."""
    return datetime.fromtimestamp(epoch_ms / 1_000, UTC)


def of_hours(dsn: str, first_hour_ms: int, hours: int) -> Bill:
    """The bill of so many hours."""
    return Bill(dsn=dsn, first_hour_ms=first_hour_ms, last_hour_ms=first_hour_ms + (hours - 1) * HOUR_MS)
