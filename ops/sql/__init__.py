"""The operators' SQL, a file a step. `{shadow}` in a file stands for a schema, `%(...)s` for a value."""

from __future__ import annotations

from pathlib import Path

from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from ops.hours import Hours

_FOLDER = Path(__file__).resolve().parent


def run(cursor: Cursor, name: str, hours: Hours | None = None, shadow: str = "public", /, **values: object) -> None:
    """Execute `<name>.sql`, with the hours as `first` and `last`."""
    range_ = {"first": hours.first, "last": hours.last} if hours else {}
    statement = SQL((_FOLDER / f"{name}.sql").read_text()).format(shadow=Identifier(shadow))
    cursor.execute(statement, {**range_, **values})
