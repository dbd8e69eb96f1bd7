"""What is told of marked hours, as far as it needs no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops import doubt
from ops.doubt import Doubt

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
HOURS = [TEN + timedelta(hours=later) for later in range(4)]
SETTLED = timedelta(hours=72)


@pytest.mark.parametrize(
    ("build", "told"),
    [
        pytest.param("abc", "2026-09-01T10 build abc of enrichment", id="a build"),
        pytest.param("", "2026-09-01T10 settings of enrichment", id="settings"),
    ],
)
def test_a_mark_says_what_was_wrong(build: str, told: str) -> None:
    assert str(Doubt(TEN, "enrichment", build)) == told


def test_hours_in_a_row_are_told_as_one_and_those_that_are_settled_with_their_remedy() -> None:
    doubts = [Doubt(hour, "media-usage", "abc") for hour in (HOURS[0], HOURS[1], HOURS[3])]
    assert doubt.report(doubts, HOURS[2] + SETTLED) == [
        "2026-09-01T10 to 2026-09-01T11: build abc of media-usage; python -m ops.reprocess 2026-09-01T10 2026-09-01T11",
        (
            "2026-09-01T13 to 2026-09-01T13: build abc of media-usage;"
            " settled when the watermark has reached 2026-09-04T14:00"
        ),
    ]


def test_without_a_watermark_nothing_is_settled() -> None:
    assert doubt.report([Doubt(TEN, "enrichment", "")], None) == [
        (
            "2026-09-01T10 to 2026-09-01T10: settings of enrichment;"
            " settled when the watermark has reached 2026-09-04T11:00"
        ),
    ]


def test_a_time_without_an_offset_is_utc() -> None:
    given = doubt._parse(["mark", "enrichment", "abc", "--since", "2026-09-01T10:30"])
    assert given.since == TEN + timedelta(minutes=30)


def test_without_an_address_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BILLING_DSN", raising=False)
    assert doubt.main([]) == 2
    assert "BILLING_DSN is not set" in capsys.readouterr().err
