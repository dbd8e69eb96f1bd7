"""What stands against closing a period, as far as it needs no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.hours import Hours
from ops.objections import incomplete

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)


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
