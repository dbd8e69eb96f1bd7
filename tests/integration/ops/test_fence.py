"""A moment between writes, on a real Postgres."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import psycopg2
import pytest
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from ops import fence
from tests.integration.billing import Billing


@pytest.fixture
def reader(billing: Billing) -> Iterator[Connection]:
    connection = psycopg2.connect(billing.dsn)
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
    yield connection
    connection.close()


def batches(reader: Connection) -> list[str]:
    with reader.cursor() as cursor:
        cursor.execute("SELECT batch_id FROM batch_ledger ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def recorded_at(billing: Billing, batch: str) -> datetime:
    [(moment,)] = billing.query("SELECT recorded_at FROM batch_ledger WHERE batch_id = %s", batch)
    return moment  # type: ignore[no-any-return]  # a timestamptz


def test_what_is_seen_was_recorded_before_the_moment_and_all_else_after_it(
    billing: Billing, reader: Connection
) -> None:
    billing.ledger("b1", 1)
    moment = fence.read_between_writes(reader, billing.dsn)
    billing.ledger("b2", 1)
    assert batches(reader) == ["b1"]
    assert recorded_at(billing, "b1") < moment < recorded_at(billing, "b2")


def test_a_writer_at_work_is_waited_for_and_seen(billing: Billing, reader: Connection) -> None:
    writer = psycopg2.connect(billing.dsn)
    with writer.cursor() as cursor:
        cursor.execute("INSERT INTO media_usage SELECT now(), 'env-a', 'film', '1080p', 1, 1, 1, 1")

    def commit() -> None:
        while not billing.query("SELECT FROM pg_locks WHERE relation = 'media_usage'::regclass AND NOT granted"):
            pass
        writer.commit()

    committing = threading.Thread(target=commit)
    committing.start()
    fence.read_between_writes(reader, billing.dsn)
    committing.join()
    writer.close()
    with reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM media_usage")
        assert cursor.fetchall() == [(1,)]
