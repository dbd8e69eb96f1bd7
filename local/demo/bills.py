"""The bills that the product made: read, shown and compared row by row with the expectation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import psycopg2

from local.demo.oracle import Amount, Key

#: Differing rows that are shown; the first ones say what to look for.
_SHOWN: Final = 20

_ROWS = """
SELECT (extract(epoch FROM hour) * 1000)::bigint, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
FROM billable_usage
"""
_BIGGEST = """
SELECT environment_id, asset_id, sum(delivered_ms)::bigint, sum(deliveries)::bigint, sum(bytes)::bigint
FROM billable_usage GROUP BY environment_id, asset_id ORDER BY 3 DESC, asset_id LIMIT %s
"""


class Bill(NamedTuple):
    """What one asset costs its environment."""

    environment_id: str
    asset_id: str
    amount: Amount


class Difference(NamedTuple):
    """A row that is not as expected; None where it is missing on that side."""

    about: Key
    expected: Amount | None
    billed: Amount | None


def read(dsn: str) -> dict[Key, Amount]:
    """Return every row of `billable_usage`."""
    rows = _query(dsn, _ROWS)
    return {Key(*row[:4]): Amount(*row[4:]) for row in rows}


def biggest(dsn: str, count: int = 10) -> list[Bill]:
    """Return the assets with the most delivered time, first the most."""
    return [Bill(row[0], row[1], Amount(*row[2:])) for row in _query(dsn, _BIGGEST, (count,))]


def compare(expected: Mapping[Key, Amount], billed: Mapping[Key, Amount]) -> list[Difference]:
    """Return every row that differs or is only on one side, in order."""
    rows = (Difference(about, expected.get(about), billed.get(about)) for about in expected.keys() | billed.keys())
    return sorted(row for row in rows if row.expected != row.billed)


def show_biggest(bills: list[Bill]) -> str:
    """A table of bills, in minutes as customers know them; exact to the millisecond."""
    lines = [f"  {'environment':<16} {'asset':<20} {'minutes':>14} {'deliveries':>11} {'GB':>8}"]
    for environment_id, asset_id, (delivered_ms, deliveries, size) in bills:
        minutes = f"{delivered_ms // 60_000:,}:{delivered_ms % 60_000 / 1_000:06.3f}"
        lines.append(f"  {environment_id:<16} {asset_id:<20} {minutes:>14} {deliveries:>11,} {size / 1e9:>8,.1f}")
    return "\n".join(lines)


def show_differences(differences: list[Difference]) -> str:
    """The first differences, one a line."""
    lines = [f"  {_named(row.about)}: expected {row.expected}, billed {row.billed}" for row in differences[:_SHOWN]]
    if len(differences) > _SHOWN:
        lines.append(f"  ... and {len(differences) - _SHOWN} more")
    return "\n".join(lines)


def verdict(expected: Mapping[Key, Amount], billed: Mapping[Key, Amount]) -> str:
    """The demo's last line; `difference` counts rows, so that errors cannot cancel each other out."""
    expected_ms, billed_ms = (sum(row.delivered_ms for row in rows.values()) for rows in (expected, billed))
    return (
        f"demo: expected_ms={expected_ms} billed_ms={billed_ms} rows={len(billed)} "
        f"difference={len(compare(expected, billed))}"
    )


def _named(about: Key) -> str:
    hour = datetime.fromtimestamp(about.hour_ms // 1_000, UTC)
    return f"{hour:%Y-%m-%dT%H} {about.environment_id} {about.asset_id} {about.tier}"


def _query(dsn: str, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
    finally:
        connection.close()
