"""Periods: presets, days, hours, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.show import period
from ops.hours import Hours, InvalidHour, show

NOW = datetime(2026, 3, 1, 13, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("24h", "2026-02-28T14", "2026-03-01T13"),
        ("7d", "2026-02-23T00", "2026-03-01T13"),
        ("30d", "2026-01-31T00", "2026-03-01T13"),
        ("month", "2026-03-01T00", "2026-03-01T13"),
        ("last-month", "2026-02-01T00", "2026-02-28T23"),
    ],
)
def test_a_preset_ends_with_the_running_hour_or_the_month(key: str, first: str, last: str) -> None:
    chosen = period.of_preset(key, NOW)
    assert (show(chosen.first), show(chosen.last)) == (first, last)
    assert key in [preset.key for preset in period.PRESETS]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ("7d", "2026-02-23T00 to 2026-03-01T13")),
        ({"period": "24h"}, ("24h", "2026-02-28T14 to 2026-03-01T13")),
        ({"from": "2026-02-01", "to": "2026-02-02"}, (None, "2026-02-01T00 to 2026-02-02T23")),
        ({"from": "2026-02-01T07", "to": "2026-02-01T07"}, (None, "2026-02-01T07 to 2026-02-01T07")),
        ({"from": "2026-02-01", "to": "2026-02-02", "period": "7d"}, (None, "2026-02-01T00 to 2026-02-02T23")),
        ({"from": "2026-01-01", "to": "2026-04-02"}, (None, "2026-01-01T00 to 2026-04-02T23")),
    ],
    ids=["nothing", "preset", "days", "one hour", "days before a preset", "92 days"],
)
def test_days_and_hours_are_included_at_both_ends(query: dict[str, str], expected: tuple[str | None, str]) -> None:
    preset, chosen = period.chosen(query, NOW)
    assert (preset, str(chosen)) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"period": "year"}, "'year' is no period: there are 24h, 7d, 30d, month, last-month"),
        ({"from": "2026-02-01"}, "a period has two ends: give both, the first and the last day"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "2026-02-02T00 is after 2026-02-01T23"),
        ({"from": "today", "to": "2026-02-01"}, "'today' is no hour: write it as 2026-09-01T13"),
        ({"from": "2026-01-01", "to": "2026-04-03"}, "is longer than 92 days: choose a shorter period"),
        ({"from": "1999-12-31", "to": "2026-04-03"}, "'1999-12-31' is not within the years 2000 to 2199"),
        ({"from": "0001-01-01T00+14:00", "to": "2026-04-03"}, "'0001-01-01T00+14:00' is out of reach"),
        ({"from": "9999-12-31T23", "to": "9999-12-31T23"}, "is not within the years 2000 to 2199"),
    ],
    ids=["preset", "one end", "backwards", "no time", "93 days", "long ago", "before all time", "end of time"],
)
def test_what_is_no_period_is_refused_with_the_reason(query: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidHour) as refused:
        period.chosen(query, NOW)
    assert message in str(refused.value)


def test_up_to_eight_days_are_charted_by_hour() -> None:
    _, eight = period.chosen({"from": "2026-02-01", "to": "2026-02-08"}, NOW)
    _, nine = period.chosen({"from": "2026-02-01", "to": "2026-02-09"}, NOW)
    assert (period.by_day(eight), period.by_day(nine)) == (False, True)


@pytest.mark.parametrize(
    ("first", "last", "shown", "whole"),
    [
        (0, 23, "01 Feb 2026 00:00 to 01 Feb 2026 24:00", True),
        (7, 7, "01 Feb 2026 07:00 to 01 Feb 2026 08:00", False),
    ],
)
def test_a_period_is_shown_from_its_start_to_its_end(first: int, last: int, shown: str, whole: bool) -> None:
    chosen = Hours(datetime(2026, 2, 1, first, tzinfo=UTC), datetime(2026, 2, 1, last, tzinfo=UTC))
    assert (period.show(chosen), period.whole_days(chosen)) == (shown, whole)
