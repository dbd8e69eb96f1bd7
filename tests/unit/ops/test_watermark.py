"""What the watermark says of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops import watermark

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reached", "closed"),
    [(TEN, 9), (TEN + timedelta(milliseconds=1), 9), (TEN - timedelta(milliseconds=1), 8)],
    ids=["at the end of an hour", "just after it", "just before it"],
)
def test_an_hour_is_closed_when_the_watermark_reaches_its_end(reached: datetime, closed: int) -> None:
    assert watermark.last_closed(reached) == TEN.replace(hour=closed)
    assert watermark.last_settled(reached + timedelta(hours=72)) == TEN.replace(hour=closed)


def test_hours_settle_with_the_end_of_allowed_lateness() -> None:
    assert timedelta(hours=72) == watermark.SETTLED_AFTER
