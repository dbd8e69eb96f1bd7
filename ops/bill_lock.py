"""Lock the tables of the bill, so that nobody writes to any of them."""

from __future__ import annotations

from typing import Final, Literal

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import cursor as Cursor

_TABLES: Final = "media_usage, media_usage_corrections, batch_ledger"
#: Below the server's deadlock_timeout, which is 1 s unless set otherwise.
_PATIENCE: Final = "500ms"


def take(cursor: Cursor, mode: Literal["SHARE", "EXCLUSIVE"]) -> None:
    """Hold all tables until the end of the transaction; waits for writers, however long they write.

    A writer of several tables holds one of them, and waits for another that this has locked. There is no order of
    tables that avoids it: a statement is parsed in one order and run from the server's plan cache in another. So this
    gives way before the server takes it for a deadlock, which could end the writer, a job, and tries again.
    """
    while not _taken(cursor, mode):
        pass


def _taken(cursor: Cursor, mode: str) -> bool:
    cursor.execute(f"SAVEPOINT before_lock; SET LOCAL lock_timeout = '{_PATIENCE}'")
    try:
        cursor.execute(f"LOCK TABLE {_TABLES} IN {mode} MODE")
    except LockNotAvailable:
        cursor.execute("ROLLBACK TO SAVEPOINT before_lock")
        return False
    cursor.execute("SET LOCAL lock_timeout TO DEFAULT; RELEASE SAVEPOINT before_lock")
    return True
