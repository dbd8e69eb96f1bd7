"""Locks of the bill's tables on a real Postgres, beside writers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from ops import bill_lock
from tests.integration.billing import Billing

TABLES = ("media_usage", "media_usage_corrections", "batch_ledger")
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

Mode = Literal["SHARE", "EXCLUSIVE"]


@pytest.fixture
def holder(billing: Billing) -> Iterator[Connection]:
    with closing(psycopg2.connect(billing.dsn)) as connection:
        yield connection


@pytest.fixture
def writer(billing: Billing) -> Iterator[Connection]:
    with closing(psycopg2.connect(billing.dsn)) as connection:
        yield connection


def write(connection: Connection, table: str) -> None:
    """What any INSERT, UPDATE or DELETE begins with."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")


def take(connection: Connection, mode: Mode) -> None:
    with connection.cursor() as cursor:
        bill_lock.take(cursor, mode)


@pytest.mark.parametrize("mode", ["SHARE", "EXCLUSIVE"])
@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_written_before_the_transaction_ends(
    holder: Connection, writer: Connection, mode: Mode, table: str
) -> None:
    take(holder, mode)
    with writer.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10ms'")
    writer.commit()
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        write(writer, table)
    writer.rollback()
    holder.commit()
    write(writer, table)


@pytest.mark.parametrize("mode", ["SHARE", "EXCLUSIVE"])
@pytest.mark.parametrize("order", [TABLES, TABLES[::-1]], ids=["in the same order", "in the other order"])
def test_a_writer_of_several_tables_goes_first_and_neither_is_ended(
    billing: Billing, holder: Connection, writer: Connection, mode: Mode, order: tuple[str, ...]
) -> None:
    first, *others = order
    write(writer, first)
    taken: list[Mode] = []

    def take_it() -> None:
        take(holder, mode)
        taken.append(mode)

    taking = threading.Thread(target=take_it)
    taking.start()
    while billing.query(BLOCKED) != [(1,)]:
        pass
    for table in others:
        write(writer, table)
    assert taken == []
    writer.commit()
    taking.join(30)
    assert taken == [mode]


def test_later_statements_wait_as_long_as_before(holder: Connection) -> None:
    take(holder, "EXCLUSIVE")
    with holder.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchall() == [("0",)]
