"""Hours as operators write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import hours

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
ELEVEN, TWELVE, FOURTEEN = (TEN + timedelta(hours=later) for later in (1, 2, 4))


@pytest.mark.parametrize(
    "text",
    ["2026-09-01T10", "2026-09-01T10:00", "2026-09-01 10:00:00Z", "2026-09-01T12:00+02:00"],
)
def test_an_hour_may_be_written_in_every_iso_way(text: str) -> None:
    assert hours.parse(text) == TEN


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "is no hour"),
        ("", "is no hour"),
        ("2026-09-01T10:30", "not the start of a UTC hour"),
        ("2026-09-01T10:00+05:30", "not the start of a UTC hour"),
        ("2026-09-01T25", "is no hour"),
    ],
)
def test_anything_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(hours.InvalidHour, match=why):
        hours.parse(text)


def test_a_range_holds_both_its_ends() -> None:
    assert list(hours.Hours(TEN, TEN + timedelta(hours=2))) == [
        TEN,
        TEN + timedelta(hours=1),
        TEN + timedelta(hours=2),
    ]


def test_a_range_of_one_hour_ends_an_hour_later() -> None:
    assert hours.Hours(TEN, TEN).end == TEN + timedelta(hours=1)


def test_a_range_is_shown_by_its_ends() -> None:
    assert str(hours.Hours(TEN, TEN + timedelta(days=1))) == "2026-09-01T10 to 2026-09-02T10"


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(hours.InvalidHour, match="2026-09-01T10 is after 2026-09-01T09"):
        hours.Hours(TEN, TEN - timedelta(hours=1))


@given(st.integers(min_value=0, max_value=2**43))
def test_every_moment_lies_in_its_hour_and_every_hour_is_read_back(epoch_ms: int) -> None:
    moment = hours.EPOCH + timedelta(milliseconds=epoch_ms)
    hour = hours.floor(moment)
    assert hour <= moment < hour + hours.HOUR
    assert hours.parse(hours.show(hour)) == hour
    assert hours.epoch_ms(hour) % 3_600_000 == 0


def test_the_milliseconds_of_an_hour_are_exact() -> None:
    assert hours.epoch_ms(TEN) == 1_788_256_800_000


def test_a_moment_and_its_milliseconds_name_each_other() -> None:
    moment = datetime(2026, 9, 1, 10, 0, 0, 1_000, tzinfo=UTC)
    assert hours.of_epoch_ms(hours.epoch_ms(moment)) == moment


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([], []),
        ([TEN], [hours.Hours(TEN, TEN)]),
        ([TEN, ELEVEN, TWELVE], [hours.Hours(TEN, TWELVE)]),
        (
            [TEN, TWELVE, FOURTEEN],
            [hours.Hours(TEN, TEN), hours.Hours(TWELVE, TWELVE), hours.Hours(FOURTEEN, FOURTEEN)],
        ),
        ([TEN, ELEVEN, FOURTEEN], [hours.Hours(TEN, ELEVEN), hours.Hours(FOURTEEN, FOURTEEN)]),
    ],
    ids=["none", "one", "in a row", "apart", "both"],
)
def test_hours_in_a_row_are_looked_at_together(moments: list[datetime], found: list[hours.Hours]) -> None:
    assert hours.ranges(moments) == found
