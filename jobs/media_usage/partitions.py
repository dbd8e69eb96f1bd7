"""Daily partitions of the ledger, there before the job writes: old days are then dropped whole, not row by row."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from typing import Final

import psycopg2

from jobs.media_usage.settings import MediaUsageSettings
from schemas.batch import MAX_AGE_MS

#: The oldest day that a batch may hold, and the day in which its age limit began.
BACK: Final = timedelta(milliseconds=MAX_AGE_MS) + timedelta(days=1)
#: Until the next start at the latest; rows of later days wait in the default partition for it.
AHEAD: Final = timedelta(days=14)


def ensure(settings: MediaUsageSettings, today: date) -> None:
    """Make the partitions of every day that batches may hold from now on. Idempotent.

    Writers of the ledger wait meanwhile. The password comes from PGPASSFILE, as for the job's sinks.
    Raises psycopg2.Error where the database is away or its migrations were not applied.
    """
    address = _libpq_address(settings.billing_jdbc_url)
    connection = psycopg2.connect(address, user=settings.billing_user)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("SELECT ensure_ledger_partitions(%s, %s)", (today - BACK, today + AHEAD))


def _libpq_address(jdbc_url: str) -> str:
    """The query holds options of the Java driver, which libpq would refuse."""
    return jdbc_url.removeprefix("jdbc:").partition("?")[0]
