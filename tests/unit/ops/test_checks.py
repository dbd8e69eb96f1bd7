"""What the audit concludes from rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import checks
from ops.checks import Amount, CollectorRow, CorrectionRow, Counts, HourRow, OutcomeRow, Result

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
NONE = Counts(0, 0, 0)


def sound(source: str, batches: int) -> OutcomeRow:
    return OutcomeRow(TEN, source, batches, 0, 0, 0, 0, 0, 0, None)


def test_batches_whose_outcomes_add_up_are_only_counted() -> None:
    rows = [sound("akamai", 5), sound("fastly", 7)]
    assert checks.outcomes(rows) == Result(
        check="every record has one outcome", examined=12, unit="batches", differences=()
    )


def test_batches_that_do_not_add_up_are_named_by_source_and_hour() -> None:
    rows = [
        OutcomeRow(TEN, "akamai", 5, 2, 700, 699, 0, 0, 0, "ab12"),
        OutcomeRow(TEN, "edge", 9, 1, 3, 4, 3, 5_000, 4_999, "cd34"),
        sound("fastly", 7),
    ]
    assert checks.outcomes(rows).differences == (
        "akamai 2026-09-01T10: 2 of 5 batches hold 700 records and 699 outcomes, such as batch ab12",
        "edge 2026-09-01T10: 1 of 9 batches hold 3 records and 4 outcomes, such as batch cd34",
        "edge 2026-09-01T10: 3 of 9 batches bill 5000 ms, and 4999 ms to their environments, such as batch cd34",
    )


HOURS = {
    "equal": (HourRow(TEN, "env-a", Amount(6_000, 2, 9), Amount(6_000, 2, 9), "akamai 6000 ms"), ()),
    "missing": (
        HourRow(TEN, "", Amount(6_000, 0, 0), Amount(5_000, 0, 0), "akamai 2000 ms, fastly 4000 ms"),
        ("2026-09-01T10: billed 5000 ms, batches say 6000 ms (akamai 2000 ms, fastly 4000 ms): 1000 ms missing",),
    ),
    "too much": (
        HourRow(TEN, "env-a", Amount(0, 0, 0), Amount(1, 0, 0), "no batch"),
        ("2026-09-01T10 env-a: billed 1 ms, batches say 0 ms (no batch): 1 ms too much",),
    ),
    "nothing but the time": (
        HourRow(TEN, "env-a", Amount(6_000, 3, 9), Amount(6_000, 2, 10), "akamai 6000 ms"),
        (
            (
                "2026-09-01T10 env-a: billed 2 deliveries, 10 bytes, batches say 3 deliveries, 9 bytes"
                " (akamai 6000 ms): 1 deliveries missing, 1 bytes too much"
            ),
        ),
    ),
}


@pytest.mark.parametrize(("row", "differences"), HOURS.values(), ids=HOURS)
def test_an_hour_that_bills_something_else_is_named(row: HourRow, differences: tuple[str, ...]) -> None:
    expected = Result(check="every hour bills what its batches say", examined=1, unit="hours", differences=differences)
    assert checks.bill([row]) == expected


def test_hours_are_counted_once_however_many_environments_they_bill() -> None:
    same = Amount(1, 1, 1)
    rows = [HourRow(TEN, environment, same, same, "akamai 1 ms") for environment in ("env-a", "env-b")]
    assert checks.bill(rows).examined == 1


def test_late_batches_that_are_corrected_otherwise_are_named_by_source_and_hour() -> None:
    rows = [
        CorrectionRow(TEN, "", 1, 1, 0, 70, "ef56"),
        CorrectionRow(TEN, "akamai", 5, 2, 700, 699, "ab12"),
        CorrectionRow(TEN, "edge", 3, 0, 0, 0, None),
    ]
    assert checks.corrections(rows) == Result(
        check="every late batch is corrected as it says",
        examined=9,
        unit="late batches",
        differences=(
            "2026-09-01T10: corrections of 1 batches that are not in the ledger, 70 ms, such as batch ef56",
            ("akamai 2026-09-01T10: 2 of 5 late batches are corrected by 699 ms, and say 700 ms, such as batch ab12"),
        ),
    )


def collector(boot: str, acknowledged: int, present: int, *, copied: int = 0, source: str = "fastly") -> CollectorRow:
    """Ten records and one rejected line a batch."""

    def counts(batches: int) -> Counts:
        return Counts(batches, 10 * batches, batches)

    return CollectorRow(source, boot, counts(acknowledged), counts(present), counts(copied))


COMPLETE = {
    "nothing": [],
    "all in the ledger": [collector("a", 5, 5), collector("b", 7, 7)],
    "a copy by the same process": [collector("a", 6, 5, copied=1)],
    "copies by both": [collector("a", 6, 5, copied=3), collector("b", 9, 7, copied=3)],
    "more than the last heartbeat said": [collector("a", 5, 8)],
}

LOST = {
    "one batch": (
        [collector("a", 5, 4)],
        "fastly: 1 batches, 10 records, 1 rejected lines lost of collector a (5/50/5 acknowledged, 4/40/4 in ledger)",
    ),
    "a whole process": (
        [collector("a", 5, 5), collector("b", 2, 0)],
        "fastly: 2 batches, 20 records, 2 rejected lines lost of collector b (2/20/2 acknowledged, 0/0/0 in ledger)",
    ),
    "more than copies explain": (
        [collector("a", 6, 5, copied=2), collector("b", 9, 7, copied=2)],
        (
            "fastly: 1 batches, 10 records, 1 rejected lines lost of collector"
            " a (6/60/6 acknowledged, 5/50/5 in ledger); b (9/90/9 acknowledged, 7/70/7 in ledger)"
        ),
    ),
    "what another process has beyond its heartbeat makes up for nothing": (
        [collector("a", 5, 4), collector("b", 7, 9)],
        "fastly: 1 batches, 10 records, 1 rejected lines lost of collector a (5/50/5 acknowledged, 4/40/4 in ledger)",
    ),
    "records only": (
        [CollectorRow("fastly", "a", Counts(1, 9, 0), Counts(1, 8, 0), NONE)],
        "fastly: 1 records lost of collector a (1/9/0 acknowledged, 1/8/0 in ledger)",
    ),
    "since when": (
        [collector("a", 5, 4)._replace(since=TEN, until=TEN.replace(hour=12))],
        (
            "fastly: 1 batches, 10 records, 1 rejected lines lost of collector a (5/50/5 acknowledged, 4/40/4 in"
            " ledger, lacking since 2026-09-01T10, all since 2026-09-01T12)"
        ),
    ),
    "rejected lines only": (
        [CollectorRow("fastly", "a", Counts(1, 9, 3), Counts(1, 9, 0), NONE)],
        "fastly: 3 rejected lines lost of collector a (1/9/3 acknowledged, 1/9/0 in ledger)",
    ),
}


@pytest.mark.parametrize("rows", COMPLETE.values(), ids=COMPLETE)
def test_acknowledged_batches_that_are_in_the_ledger_are_only_counted(rows: list[CollectorRow]) -> None:
    assert checks.collectors(rows) == Result(
        check="every acknowledged batch is in the ledger",
        examined=len(rows),
        unit="collector sources",
        differences=(),
    )


@pytest.mark.parametrize(("rows", "difference"), LOST.values(), ids=LOST)
def test_acknowledged_batches_that_are_not_in_the_ledger_are_named(rows: list[CollectorRow], difference: str) -> None:
    assert checks.collectors(rows).differences == (difference,)


def test_the_copies_of_one_source_explain_nothing_of_another() -> None:
    rows = [collector("a", 5, 4, source="akamai"), collector("a", 6, 5, copied=2, source="fastly")]
    assert [line.split(":")[0] for line in checks.collectors(rows).differences] == ["akamai"]


deliveries = st.lists(st.tuples(st.sampled_from("abc"), st.integers(min_value=0, max_value=3)), min_size=1, max_size=30)


@given(deliveries, st.booleans())
def test_no_loss_is_reported_where_nothing_is_lost_and_any_loss_where_it_is(
    batches: list[tuple[str, int]], lose: bool
) -> None:
    """Each batch is kept by one process, and copied by process "c" a number of times."""
    acknowledged = dict.fromkeys("abc", 0)
    present = dict.fromkeys("abc", 0)
    for number, (boot, copies) in enumerate(batches):
        acknowledged[boot] += 1
        acknowledged["c"] += copies
        present[boot] += 0 if lose and number == 0 else 1
    kept = batches[1:] if lose else batches
    copied = sum(copies for _, copies in kept)
    rows = [collector(boot, acknowledged[boot], present[boot], copied=copied) for boot in "abc"]
    assert bool(checks.collectors(rows).differences) is lose
