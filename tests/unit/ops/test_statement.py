"""Statements for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops import statement
from ops.hours import Hours
from ops.statement import Adjustment, Statement, Sums

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)

STATEMENT = Statement(
    statement_id=7,
    environment_id="env-a",
    hours=Hours(TEN, TEN + 3 * HOUR),
    closed_at=datetime(2026, 9, 5, 8, 1, 2, 999_999, tzinfo=UTC),
    closed_by="ann",
    forced_because="month end",
    objections=("the watermark is not known yet", "an hour differs"),
    usage=Sums(12, 1_000_000, 300, 2_000_000),
    adjustments=(
        Adjustment(
            hour=TEN - 2 * HOUR, sums=Sums(2, -500, -1, -1_000), batches=2, example="b4", sources=("akamai", "edge")
        ),
        Adjustment(hour=TEN - HOUR, sums=Sums(1, 30, 0, 0), batches=0, example="", sources=()),
    ),
)


def test_a_statement_tells_sums_adjustments_with_their_reasons_and_force() -> None:
    assert list(statement.lines(STATEMENT)) == [
        "env-a 2026-09-01T10 to 2026-09-01T13: 999,530 ms",
        "  usage: 1,000,000 ms, 300 deliveries, 2,000,000 bytes in 12 lines",
        "  adjustments of 2 earlier hours: -470 ms, -1 deliveries, -1,000 bytes",
        "    2026-09-01T08 -500 ms, -1 deliveries, -1,000 bytes: 2 batches of akamai, edge, such as b4",
        "    2026-09-01T09 +30 ms, +0 deliveries, +0 bytes: no batch was counted since; the audit may know more",
        "  forced by ann: month end",
        "    against: the watermark is not known yet",
        "    against: an hour differs",
    ]


def test_its_origin_is_number_moment_and_person() -> None:
    assert statement.origin(STATEMENT) == "  statement 7, closed at 2026-09-05T08:01:02Z by ann"


def test_adjustments_add_up() -> None:
    assert STATEMENT.adjusted == Sums(3, -470, -1, -1_000)
