"""A bill compared row by row with the expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from local.traffic.oracle import Amount, Key

#: Differing rows that are shown; the first ones say what to look for.
_SHOWN: Final = 20


class Difference(NamedTuple):
    """A row that is not as expected; None where it is missing on that side."""

    about: Key
    expected: Amount | None
    billed: Amount | None


def compare(expected: Mapping[Key, Amount], billed: Mapping[Key, Amount]) -> list[Difference]:
    """Return every row that differs or stands on one side only, in order."""
    rows = (Difference(about, expected.get(about), billed.get(about)) for about in expected.keys() | billed.keys())
    return sorted((row for row in rows if row.expected != row.billed), key=lambda row: row.about)


def show_differences(differences: Sequence[Difference]) -> str:
    """Name the first differences, one a line."""
    lines = [f"  {_named(about)}: expected {expected}, billed {billed}" for about, expected, billed in differences]
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"  ... and {len(lines) - _SHOWN} more"]
    return "\n".join(lines)


def _named(about: Key) -> str:
    hour = datetime.fromtimestamp(about.hour_ms // 1_000, UTC)
    return f"{hour:%Y-%m-%dT%H} {about.environment_id} {about.asset_id} {about.tier}"
