"""Run one SQL statement and print its rows: `python -m local.sql assets|billing STATEMENT`, where there is no psql."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import psycopg2

from local import postgres
from local.settings import Settings, from_environment


def run(dsn: str, statement: str) -> list[tuple[object, ...]]:
    """Execute and commit a statement; its rows, headed by the column names, or nothing for one without rows."""
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            if cursor.description is None:
                return []
            return [tuple(column.name for column in cursor.description), *cursor.fetchall()]
    finally:
        connection.close()


def table(rows: Sequence[Sequence[object]]) -> str:
    """Rows in columns as wide as their widest value."""
    texts = [[str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in texts)


def main(arguments: list[str]) -> int:
    """Run the statement in the database of the running stack."""
    if len(arguments) != 2 or arguments[0] not in postgres.DATABASES:
        print("usage: python -m local.sql assets|billing STATEMENT", file=sys.stderr)
        return 2
    given = from_environment()
    settings = Settings.load(given.state) or given
    print(table(run(postgres.dsn(settings, arguments[0]), arguments[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
