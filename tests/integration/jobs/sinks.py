"""The JDBC sinks without Flink."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg2

from jobs.media_usage.statements import Statement


class Writer:
    """Runs a job's statements as the JDBC sink does."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True

    def write(self, statement: Statement, values: Sequence[object]) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement.sql.replace("%", "%%").replace("?", "%s"), tuple(values))

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
