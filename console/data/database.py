"""Reading the billing database: few connections, read-only, each question with an end in time.

One question, however many queries it takes, is one transaction that sees one moment: the numbers of a page agree.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, QueryCanceledError, make_dsn
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from console.data import sql

_Answer = TypeVar("_Answer")
Row = tuple[Any, ...]

_CONNECT_S: Final = 5
#: Questions that may wait for a connection; more are told to come again.
_MOST_WAITING: Final = 32
#: Downloads at a time: each keeps a connection and a transaction for as long as its reader takes.
_MOST_DOWNLOADS: Final = 2
_ROWS_AT_ONCE: Final = 2_000


class Unavailable(Exception):
    """The database does not answer, or not in time, or too many ask; the message says which."""


class Busy(Unavailable):
    """Too many ask."""


class Database:
    """A bounded pool of threads, each with a connection of its own. Close it at the end."""

    def __init__(self, dsn: str, *, connections: int, statement_timeout_s: float) -> None:
        self._dsn = with_timeout(dsn, statement_timeout_s)
        self._timeout_s = statement_timeout_s
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="billing")
        self._most = connections + _MOST_WAITING
        self._asked = 0
        self._downloads = 0
        self._kept = threading.local()

    async def read(self, question: Callable[[Cursor], _Answer]) -> _Answer:
        """The answer to a question, in one read-only transaction. Raises Unavailable."""
        if self._asked >= self._most:
            raise Busy("too many questions are waiting for the database")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        except psycopg2.Error as error:
            raise self._unavailable(error) from error
        finally:
            self._asked -= 1

    @asynccontextmanager
    async def rows(self, name: str, values: Mapping[str, object]) -> AsyncIterator[AsyncIterator[list[Row]]]:
        """The rows of a statement, some at a time, however many there are. Raises Unavailable."""
        if self._downloads >= _MOST_DOWNLOADS:
            raise Busy("too many downloads are under way")
        self._downloads += 1
        try:
            connection = await asyncio.to_thread(_connect, self._dsn)
            try:
                yield self._chunks(connection, name, values)
            finally:
                await asyncio.to_thread(connection.close)
        except psycopg2.Error as error:
            raise self._unavailable(error) from error
        finally:
            self._downloads -= 1

    def close(self) -> None:
        """Let questions under way finish; connections end with their threads."""
        self._threads.shutdown(cancel_futures=True)

    async def _chunks(
        self, connection: Connection, name: str, values: Mapping[str, object]
    ) -> AsyncIterator[list[Row]]:
        cursor = connection.cursor(name="download")
        await asyncio.to_thread(cursor.execute, sql.statement(name), dict(values))
        while rows := await asyncio.to_thread(partial(cursor.fetchmany, _ROWS_AT_ONCE)):
            yield rows

    def _answer(self, question: Callable[[Cursor], _Answer]) -> _Answer:
        known: Connection | None = getattr(self._kept, "connection", None)
        if known is not None:
            try:
                return _ask(known, question)
            except QueryCanceledError:
                raise
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                known.close()  # the server has gone since; it may be back
        self._kept.connection = _connect(self._dsn)
        return _ask(self._kept.connection, question)

    def _unavailable(self, error: psycopg2.Error) -> Unavailable:
        if isinstance(error, QueryCanceledError):
            return Unavailable(f"a query took longer than {self._timeout_s:.0f} s: choose a shorter period")
        if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
            return Unavailable("the billing database does not answer")
        raise error


def with_timeout(dsn: str, statement_timeout_s: float) -> str:
    """The address with options for its sessions: none outlives its purpose, times are UTC."""
    timeout_ms = round(statement_timeout_s * 1_000)
    options = {
        "statement_timeout": timeout_ms,
        # Grouping a month's rows in memory takes some MB; on disk it takes seconds.
        "work_mem": "64MB",
        # Compiling a query takes longer than most of them do.
        "jit": "off",
        "TimeZone": "UTC",
    }
    joined = " ".join(f"-c {name}={value}" for name, value in options.items())
    return make_dsn(dsn, options=joined, application_name="console", connect_timeout=_CONNECT_S)


def query(cursor: Cursor, name: str, values: Mapping[str, object] | None = None) -> list[Row]:
    """All rows of a statement."""
    cursor.execute(sql.statement(name), dict(values or {}))
    return cursor.fetchall()


def _connect(dsn: str) -> Connection:
    connection = psycopg2.connect(dsn)
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    return connection


def _ask(connection: Connection, question: Callable[[Cursor], _Answer]) -> _Answer:
    with connection, connection.cursor() as cursor:
        return question(cursor)
