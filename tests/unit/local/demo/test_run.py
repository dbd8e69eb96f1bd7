"""The demo's day lies so long ago that its last hour is settled before now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.demo.deliveries import CLOCK_ENDS_MS
from local.demo.run import Day


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC), id="at-midnight"),
        pytest.param(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), id="before-midnight"),
        pytest.param(datetime(2026, 3, 1, 12, tzinfo=UTC), id="after-a-short-month"),
    ],
)
def test_the_clock_ends_before_now(now: datetime) -> None:
    day = Day.before(now)
    ends = datetime.fromtimestamp((day.start_ms + CLOCK_ENDS_MS) / 1_000, UTC)
    assert timedelta(hours=1) < now - ends < timedelta(days=2)


def test_a_day_starts_at_midnight_and_has_hours() -> None:
    day = Day.before(datetime(2026, 11, 23, 11, 5, tzinfo=UTC))
    assert day.hour(0) == datetime(2026, 11, 18, 0, tzinfo=UTC)
    assert day.hour(21) == datetime(2026, 11, 18, 21, tzinfo=UTC)


def test_the_watermark_of_the_clocks_end_settles_the_day() -> None:
    day = Day.before(datetime(2026, 11, 23, tzinfo=UTC))
    out_of_orderness_ms = 3 * 3_600_000
    assert day.start_ms + CLOCK_ENDS_MS - out_of_orderness_ms - 1 >= day.settled_ms
