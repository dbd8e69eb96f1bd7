"""A moment between writes: everything recorded before it is seen, nothing after it is."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import psycopg2
from psycopg2.extensions import connection as Connection

from ops import bill_lock


def read_between_writes(reader: Connection, dsn: str) -> datetime:
    """Fix what the reader's transaction sees at a moment between two writes of the bill, and return that moment.

    It is by the database's clock. The reader is at isolation level REPEATABLE READ and has read nothing yet in its
    transaction. Writers wait only until this returns, however long the reader goes on reading.
    """
    with closing(psycopg2.connect(dsn)) as keeper, keeper, keeper.cursor() as gate, reader.cursor() as cursor:
        bill_lock.take(gate, "SHARE")
        cursor.execute("SELECT clock_timestamp()")
        rows: list[tuple[datetime]] = cursor.fetchall()
    return rows[0][0]
