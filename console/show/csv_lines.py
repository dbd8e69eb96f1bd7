"""CSV that a spreadsheet opens as data, whatever customers called their assets.

RFC 4180. Times are UTC. Amounts are integers and decimals; a cell that a spreadsheet would take for a formula
(OWASP, "CSV Injection") is preceded by an apostrophe, as spreadsheets themselves mark text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from console.data.database import Row
from console.show import amounts

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

USAGE_HEAD: Final = (
    *("hour_utc", "environment_id", "asset_id", "tier", "certainty", "in_doubt"),
    *("delivered_ms", "delivered_seconds", "delivered_minutes", "corrections_ms", "deliveries", "bytes"),
)
STATEMENT_HEAD: Final = (
    *("kind", "hour_utc", "environment_id", "asset_id", "tier"),
    *("delivered_ms", "delivered_seconds", "delivered_minutes", "deliveries", "bytes"),
)


def usage_line(row: Row) -> tuple[object, ...]:
    """A row of `usage_rows.sql`."""
    hour, environment_id, asset_id, tier, certainty, is_in_doubt, ms, corrections_ms, deliveries, size = row
    return (
        *(_hour(hour), environment_id, asset_id, tier, certainty, "yes" if is_in_doubt else "no"),
        *(ms, amounts.seconds(ms), amounts.minutes(ms), corrections_ms, deliveries, size),
    )


def statement_line(row: Row) -> tuple[object, ...]:
    """A row of `statement_lines.sql`."""
    kind, hour, environment_id, asset_id, tier, ms, deliveries, size = row
    return (
        *(kind, _hour(hour), environment_id, asset_id, tier),
        *(ms, amounts.seconds(ms), amounts.minutes(ms), deliveries, size),
    )


def text(lines: Iterable[Sequence[object]]) -> bytes:
    """Lines as they stand in the file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[_cell(value) for value in line] for line in lines])
    return buffer.getvalue().encode(errors="replace")


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _hour(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
