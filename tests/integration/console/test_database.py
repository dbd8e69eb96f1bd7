"""Reading the database: nothing is written, nobody waits for ever, all of an answer is of one moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor

from console.data import database, usage
from console.data.database import Busy, Database, Unavailable, query
from tests.integration.billing import HOUR, Billing

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'console' AND datname = current_database()"


@pytest.fixture
async def reader(billing: Billing) -> AsyncIterator[Database]:
    """One connection, one second a query."""
    made = Database(billing.dsn, connections=1, statement_timeout_s=1)
    yield made
    made.close()


@contextmanager
def held(reader: Database, count: int) -> Iterator[list[asyncio.Task[bool]]]:
    """Questions that are not answered before the end."""
    released = threading.Event()
    tasks = [asyncio.create_task(reader.read(lambda _: released.wait())) for _ in range(count)]
    try:
        yield tasks
    finally:
        released.set()


async def test_nothing_can_be_written(billing: Billing, reader: Database) -> None:
    billing.usage(1_000)
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        await reader.read(lambda cursor: cursor.execute("DELETE FROM media_usage"))
    assert len(billing.bill()) == 1


async def test_a_query_that_takes_too_long_is_ended(reader: Database) -> None:
    with pytest.raises(Unavailable, match=r"^a query took longer than 1 s: choose a shorter period$"):
        await reader.read(lambda cursor: cursor.execute("SELECT pg_sleep(30)"))
    assert await reader.read(usage.environment_names) == []


async def test_all_queries_of_an_answer_see_one_moment(billing: Billing, reader: Database) -> None:
    def ask(cursor: Cursor) -> list[int]:
        seen = [len(query(cursor, "environment_names", {"limit": 9}))]
        billing.usage(1_000)
        return [*seen, len(query(cursor, "environment_names", {"limit": 9}))]

    assert await reader.read(ask) == [0, 0]
    assert await reader.read(usage.environment_names) == ["env-a"]


async def test_a_connection_that_the_server_has_ended_is_made_anew(billing: Billing, reader: Database) -> None:
    await reader.read(usage.environment_names)
    assert billing.query(f"SELECT pg_terminate_backend(pid, 10000) FROM ({BACKENDS}) AS ours") == [(True,)]
    assert await reader.read(usage.environment_names) == []


async def test_a_database_that_is_away_is_told_without_its_address() -> None:
    away = Database("postgresql://user:secret@127.0.0.1:1/billing", connections=1, statement_timeout_s=1)
    with pytest.raises(Unavailable, match=r"^the billing database does not answer$"):
        await away.read(usage.environment_names)
    with pytest.raises(Unavailable, match=r"^the billing database does not answer$"):
        async with away.rows("usage_rows", {}):
            pass
    away.close()


async def test_who_comes_when_too_many_wait_is_sent_away_at_once(
    reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_most", 3)
    with held(reader, 3) as tasks:
        await asyncio.sleep(0)
        with pytest.raises(Busy, match=r"^too many questions are waiting for the database$"):
            await reader.read(usage.environment_names)
    await asyncio.gather(*tasks)
    assert await reader.read(usage.environment_names) == []


async def test_a_download_reads_its_rows_some_at_a_time(
    billing: Billing, reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_ROWS_AT_ONCE", 2)
    for number in range(5):
        billing.usage(number, hour=HOUR + number * timedelta(hours=1))
    values = {"first": HOUR, "last": HOUR + timedelta(days=1), "environments": None, "asset": None, "tier": None}
    async with reader.rows("usage_rows", values | {"settled": None, "closed": None}) as chunks:
        assert [len(chunk) async for chunk in chunks] == [2, 2, 1]
    async with asyncio.timeout(20):
        while billing.query(BACKENDS):  # noqa: ASYNC110 - the server ends a closed connection when it notices
            await asyncio.sleep(0.05)


async def test_two_downloads_are_the_most_at_a_time_and_one_that_is_left_makes_room(reader: Database) -> None:
    async with reader.rows("statement_lines", {"statement": 1}):
        async with reader.rows("statement_lines", {"statement": 1}):
            with pytest.raises(Busy, match=r"^too many downloads are under way$"):
                async with reader.rows("statement_lines", {"statement": 1}):
                    pass
        async with reader.rows("statement_lines", {"statement": 1}) as chunks:
            assert [chunk async for chunk in chunks] == []


async def test_a_mistake_in_our_own_sql_is_no_outage(reader: Database) -> None:
    with pytest.raises(psycopg2.errors.UndefinedTable):
        await reader.read(lambda cursor: cursor.execute("SELECT * FROM no_such_table"))
