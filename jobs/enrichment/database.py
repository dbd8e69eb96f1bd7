"""The asset database: one query for many assets, in a bounded number of threads."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Sequence
from typing import Final

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ
from psycopg2.extensions import connection as Connection

from jobs.enrichment.asset_rows import BrokenAssets, settings_of_rows
from schemas.cdn_logs_pb2 import AssetSettings

_QUERY: Final = """
SELECT asset_id, environment_id, name, media_type, height, codecs, bandwidth_bps,
       first_segment, segment_ms, fixed_segment_ms, part_ms, low_latency_billing
FROM assets LEFT JOIN renditions USING (asset_id)
WHERE asset_id = ANY(%s)
ORDER BY asset_id, name
"""


class AssetDatabase:
    """Reads assets. Safe to call from several threads: each has a connection of its own.

    The password is not part of the DSN: libpq takes it from PGPASSFILE, so that it is in no job graph and no log.
    """

    def __init__(self, dsn: str, timeout_s: float) -> None:
        self._dsn = dsn
        self._timeout_s = timeout_s
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._broken = BrokenAssets()

    def read(self, asset_ids: Sequence[str], now_ms: int) -> dict[str, AssetSettings]:
        """Settings of every asset asked for, absent ones marked so. Raises psycopg2.Error; the next call reconnects."""
        deadline_s = time.monotonic() + self._timeout_s
        try:
            with self._connection(deadline_s).cursor() as cursor:
                cursor.execute(_QUERY, (list(asset_ids),))
                _await(cursor.connection, deadline_s)
                rows = cursor.fetchall()
        except psycopg2.Error:
            self._forget_connection()
            raise
        return settings_of_rows(asset_ids, rows, now_ms, self._broken.tell)

    def close(self) -> None:
        for connection in list(self._connections):  # a reading that ends now takes its own out
            connection.close()

    def _connection(self, deadline_s: float) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = psycopg2.connect(
                self._dsn,
                application_name="enrichment",
                # The server's own limit spares it queries that nobody waits for any more.
                options=f"-c statement_timeout={int(self._timeout_s * 1000)} -c default_transaction_read_only=on",
                async_=True,
            )
            self._local.connection = connection
            self._connections.append(connection)
            _await(connection, deadline_s)
        return connection

    def _forget_connection(self) -> None:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._connections.remove(connection)
            self._local.connection = None


def _await(connection: Connection, deadline_s: float) -> None:
    """Wait until the operation under way is done. Raises psycopg2.Error, also past the deadline.

    Kept here and not by the server or libpq: a server that hangs enforces no limit, and libpq's is for connecting.
    """
    while (state := connection.poll()) != POLL_OK:
        ready = select.poll()
        ready.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not ready.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
            raise psycopg2.OperationalError("no answer within the time limit")
