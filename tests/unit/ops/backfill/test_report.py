"""What an operator reads before anything is done."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from ops.backfill import report
from ops.backfill.plan import Contents, Counted, HourSums, Judged, Verdict

HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)


def judged(verdict: Verdict, *, new: Counted, recorded: Counted, others: Counted, late: bool = False) -> Judged:
    return Judged(HOUR, HourSums(new=new, recorded=recorded), others, verdict, late)


@pytest.mark.parametrize(
    ("rejected", "told"),
    [
        pytest.param({}, "0 rejected", id="none"),
        pytest.param({"too-old": 1, "bad-json": 1_000}, "1,001 rejected: bad-json 1,000, too-old 1", id="some"),
    ],
)
def test_one_line_says_what_there_is(rejected: dict[str, int], told: str) -> None:
    contents = Contents(lines=2_000, records=999, rejected=Counter(rejected))
    assert report.overview(12, 1, 2, contents) == (
        f"12 files (1 refused, 2 with the content of another): 2,000 lines, 999 records, {told}"
    )


@pytest.mark.parametrize(
    ("one", "told"),
    [
        pytest.param(
            judged(Verdict.MISSING, new=Counted(2, 1_500), recorded=Counted(), others=Counted(), late=True),
            "2026-09-01T10: missing; 1,500 records in 2 batches to publish as corrections",
            id="missing",
        ),
        pytest.param(
            judged(Verdict.OTHERS, new=Counted(1, 1), recorded=Counted(3, 4), others=Counted(5, 6)),
            "2026-09-01T10: DOUBTFUL, other deliveries are billed; 1 records in 1 batches to publish;"
            " 4 records in 3 batches recorded; 6 records in 5 batches of other deliveries",
            id="doubtful",
        ),
        pytest.param(
            judged(Verdict.RECORDED, new=Counted(), recorded=Counted(3, 4), others=Counted()),
            "2026-09-01T10: in the ledger already; 4 records in 3 batches recorded",
            id="recorded",
        ),
    ],
)
def test_every_hour_has_a_line(one: Judged, told: str) -> None:
    assert list(report.by_hour([one])) == [told]


def test_an_objection_names_the_hours_and_the_ways_out() -> None:
    one = judged(Verdict.OTHERS, new=Counted(1, 1), recorded=Counted(), others=Counted(5, 6))
    told = report.objection([one, one])
    assert told.startswith("refused: what these files hold of 2 hours, 2026-09-01T10 to 2026-09-01T10, may have come")
    assert "--only-missing leaves" in told
    assert "--force publishes" in told
