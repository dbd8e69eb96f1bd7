"""Figures of the billing database: a few short queries, in one read-only transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg2
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import connection as Connection

from ops import hours, sql
from ops.exporter.reading import NotRead, family, job_label
from schemas.metrics import exporter as defined

#: Hours that the figures are of, the running one included.
_HOURS: Final = 24
_CONNECT_S: Final = 10
_STATEMENT_MS: Final = 60_000

Rows = list[tuple[Any, ...]]


def _now() -> datetime:
    return datetime.now(UTC)


def read(dsn: str, now: Callable[[], datetime] = _now) -> list[GaugeMetricFamily]:
    """Figures of the last 24 hours. Raises NotRead."""
    try:
        with closing(_connect(dsn)) as connection:
            return list(_figures(connection, hours.floor(now()) - timedelta(hours=_HOURS - 1)))
    except psycopg2.OperationalError as error:
        raise NotRead(f"billing database: {str(error).strip()}") from error


def _connect(dsn: str) -> Connection:
    options = f"-c statement_timeout={_STATEMENT_MS}"
    connection: Connection = psycopg2.connect(dsn, connect_timeout=_CONNECT_S, options=options)
    connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
    return connection


def _figures(connection: Connection, since: datetime) -> Iterator[GaugeMetricFamily]:
    watermarks = _rows(connection, "exporter_watermarks")
    yield family(defined.WATERMARK, [((job_label(job),), at.timestamp()) for job, at in watermarks])
    delivered = _rows(connection, "exporter_delivered", since=since)
    yield family(defined.DELIVERED, [((environment,), ms / 1_000) for environment, ms in delivered])
    newest = _rows(connection, "exporter_newest_hours")
    yield family(defined.NEWEST_HOUR, [((source,), hour.timestamp()) for source, hour in newest])
    ledger = _rows(connection, "exporter_ledger", since=since)
    yield family(defined.OUTCOMES, [((name,), value) for _, name, value in _of("outcome", ledger)])
    yield family(defined.UNRESOLVED_ASSETS, [((), value) for _, _, value in _of("unresolved-assets", ledger)])
    yield family(defined.REJECTED, [((source, name), value) for source, name, value in _of("rejected", ledger)])
    yield family(defined.LEDGER_DELAY, [((source, name), value) for source, name, value in _of("delay", ledger)])


def _rows(connection: Connection, statement: str, **values: object) -> Rows:
    with connection.cursor() as cursor:
        sql.run(cursor, statement, **values)
        return cursor.fetchall()


def _of(kind: str, ledger: Rows) -> Iterator[tuple[str, str, float]]:
    return ((source, name, value) for of_kind, source, name, value in ledger if of_kind == kind)
