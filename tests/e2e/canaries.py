"""What must not show behind enrichment: looked for in everything that is kept long, or that people read."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

import psycopg2
from psycopg2.sql import SQL, Identifier

from local.stack import Stack
from schemas.topics import ENRICHED
from tests.e2e import topics


def found(stack: Stack, enriched_since: Mapping[int, int], canaries: Iterable[str]) -> set[tuple[str, str]]:
    """(where, canary) of each that shows in enriched, the billing database, a log, or a collector's metrics."""
    wanted = {canary: canary.encode() for canary in canaries}
    return {
        (where, canary)
        for where, content in _contents(stack, enriched_since)
        for canary, text in wanted.items()
        if text in content
    }


def _contents(stack: Stack, enriched_since: Mapping[int, int]) -> Iterator[tuple[str, bytes]]:
    for messages in topics.read(stack.kafka_bootstrap, ENRICHED, enriched_since).values():
        yield from ((ENRICHED, message.value()) for message in messages)
    yield from _rows(stack.billing_dsn)
    for log in (stack.settings.state / "log").rglob("*"):
        if log.is_file():
            yield str(log.relative_to(stack.settings.state)), log.read_bytes()
    for url in stack.collector_urls[:1]:
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            yield url, answer.read()


def _rows(dsn: str) -> Iterator[tuple[str, bytes]]:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(SQL("SELECT whole::text FROM {} AS whole").format(Identifier(table)))
            yield from ((f"table {table}", row.encode()) for (row,) in cursor.fetchall())
