"""Which hours the page of sources shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.pages.sources import window
from ops.hours import HOUR

NOW = datetime(2026, 9, 4, 12, 30, tzinfo=UTC)
NOON = datetime(2026, 9, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("newest", "last"),
    [
        (None, NOON),
        (NOON, NOON),
        (NOON - 47 * HOUR, NOON),
        (NOON - 48 * HOUR, NOON - 48 * HOUR),
        (NOON - timedelta(days=30), NOON - timedelta(days=30)),
    ],
    ids=["nothing at all", "up to now", "a gap that shows", "only before", "long ago"],
)
def test_it_ends_now_unless_there_would_be_nothing(newest: datetime | None, last: datetime) -> None:
    shown = window(newest, NOW)
    assert (shown.last, len(list(shown))) == (last, 48)
