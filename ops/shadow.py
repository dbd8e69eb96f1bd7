"""The shadow: a schema of its own in the billing database, with the same tables, that nobody bills from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from ops import audit
from ops.hours import Hours
from schemas import migrations

_PREFIX: Final = "reprocess_"


def create(dsn: str) -> str:
    """Make an empty shadow with all tables and views of the bill, and return the schema's name.

    The name was never used before, so that a job which outlived its operator writes nowhere. The job needs the
    rights of the address's user there.
    """
    name = _new_schema(dsn)
    with _connected(dsn, name) as shadow:
        migrations.apply_to(shadow, "billing")
    return name


def drop(dsn: str, name: str) -> None:
    """Remove a shadow with everything in it."""
    with _connected(dsn, name) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))


def drop_leftovers(dsn: str) -> None:
    """Remove shadows of runs that were killed. The caller knows that no run is under way."""
    with _connected(dsn, "pg_catalog") as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", (f"^{_PREFIX}[0-9]+$",))
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        drop(dsn, name)


def differences(dsn: str, name: str, hours: Hours) -> list[str]:
    """What the audit finds wrong within the shadow itself: a count that is not sound must replace nothing."""
    with _connected(dsn, name) as shadow:
        results = audit.of_hours(shadow, hours)
    return [line for result in results for line in result.differences]


def _new_schema(dsn: str) -> str:
    with _connected(dsn, "pg_catalog") as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        name = "".join([_PREFIX, *(number for (number,) in cursor.fetchall())])
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    return name


@contextmanager
def _connected(dsn: str, schema: str) -> Iterator[Connection]:
    """A connection in which unqualified names lead into one schema only."""
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', %s, false)", (schema,))
        yield connection
    finally:
        connection.close()
