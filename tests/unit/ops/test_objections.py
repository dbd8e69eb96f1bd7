"""What stands against closing a period, as far as it needs no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.hours import Hours
from ops.objections import incomplete, ranges

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
ELEVEN, TWELVE, FOURTEEN = (TEN + timedelta(hours=hours) for hours in (1, 2, 4))


@pytest.mark.parametrize(
    ("watermark", "found"),
    [
        (None, ["the media-usage job's watermark is not known yet, and must reach 2026-09-03T12:00"]),
        (
            datetime(2026, 9, 3, 11, 59, 59, tzinfo=UTC),
            ["the media-usage job's watermark is at 2026-09-03T11:59, and must reach 2026-09-03T12:00"],
        ),
        (datetime(2026, 9, 3, 12, tzinfo=UTC), []),
        (datetime(2026, 12, 1, tzinfo=UTC), []),
    ],
    ids=["unknown", "a second short", "at the horizon", "far beyond"],
)
def test_a_period_is_complete_once_the_watermark_is_past_its_horizon(
    watermark: datetime | None, found: list[str]
) -> None:
    assert list(incomplete(Hours(TEN, ELEVEN), watermark)) == found


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ([], []),
        ([TEN], [Hours(TEN, TEN)]),
        ([TEN, ELEVEN, TWELVE], [Hours(TEN, TWELVE)]),
        ([TEN, TWELVE, FOURTEEN], [Hours(TEN, TEN), Hours(TWELVE, TWELVE), Hours(FOURTEEN, FOURTEEN)]),
        ([TEN, ELEVEN, FOURTEEN], [Hours(TEN, ELEVEN), Hours(FOURTEEN, FOURTEEN)]),
    ],
    ids=["none", "one", "in a row", "apart", "both"],
)
def test_hours_in_a_row_are_looked_at_together(hours: list[datetime], found: list[Hours]) -> None:
    assert ranges(hours) == found
