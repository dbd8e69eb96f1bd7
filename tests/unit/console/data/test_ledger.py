"""Hours of sources, added up."""

from __future__ import annotations

from datetime import UTC, datetime

from console.data.ledger import SourceHour, by_source

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ONE, TWO = NOON.replace(hour=13), NOON.replace(hour=14)


def test_a_source_s_hours_are_added_up_and_its_newest_moments_kept() -> None:
    rows = [
        SourceHour("edge", NOON, 1, 0, 10, 2, TWO),
        SourceHour("edge", ONE, 2, 1, 20, 0, ONE),
        SourceHour("origin", NOON, 4, 4, 40, 4, NOON),
    ]
    assert by_source(reversed(rows)) == [
        SourceHour("edge", ONE, 3, 1, 30, 2, TWO),
        SourceHour("origin", NOON, 4, 4, 40, 4, NOON),
    ]


def test_no_hours_are_no_sources() -> None:
    assert by_source([]) == []
