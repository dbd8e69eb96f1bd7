"""Apply the SQL migrations of a database: each file once, in the order of its number, all or nothing.

`python -m schemas.migrations assets|billing` reads the address from the variable DATABASE_DSN.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

Database = Literal["assets", "billing"]

_SQL = Path(__file__).resolve().parent / "sql"
#: Any constant: two programs that start at once must not migrate at once.
_ADVISORY_LOCK = 7_310_457_001


def files(database: Database) -> list[Path]:
    """Migration files of a database, oldest first."""
    return sorted((_SQL / database).glob("[0-9][0-9][0-9][0-9]_*.sql"))


def apply(dsn: str, database: Database) -> list[str]:
    """Bring a database up to date and return the names of the files applied now. Idempotent.

    Raises psycopg2.Error, and leaves the database as it was, where a file fails.
    """
    connection = psycopg2.connect(dsn)
    try:
        return apply_to(connection, database)
    finally:
        connection.close()


def apply_to(connection: Connection, database: Database) -> list[str]:
    """Like `apply`, in the first schema of the connection's search_path, and in a transaction of its own."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
        known = _applied(cursor)
        pending = [path for path in files(database) if path.name not in known]
        for path in pending:
            cursor.execute(path.read_text())
            cursor.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (path.name,))
        return [path.name for path in pending]


def _applied(cursor: Cursor) -> set[str]:
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    cursor.execute("SELECT name FROM schema_migrations")
    return {name for (name,) in cursor.fetchall()}


def main(arguments: list[str]) -> int:
    """Apply what is pending and print it; 2 where the call or the variable is wrong."""
    dsn = os.environ.get("DATABASE_DSN", "")
    if arguments not in (["assets"], ["billing"]) or not dsn:
        usage = "usage: DATABASE_DSN=postgresql://... python -m schemas.migrations assets|billing"
        print(usage, file=sys.stderr)
        return 2
    for name in apply(dsn, "assets" if arguments == ["assets"] else "billing"):
        print(f"applied {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
