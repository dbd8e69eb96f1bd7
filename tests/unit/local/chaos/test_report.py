"""What a drill prints: lines for people while it runs, one for scripts at its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.chaos.report import Outcome, Report, percentile
from local.chaos.verdict import Copies, Verdict
from local.traffic.comparison import Difference
from local.traffic.oracle import Amount, Key

FINE = Verdict(lost=0, duplicated=0, differences=(), copies=Copies(surplus=0, missing=0))


def outcome(recovery_s: float) -> Outcome:
    return Outcome(kind="kill-redis", detail="redis", recovery_s=recovery_s)


def test_a_fault_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(seed=7, planned=30)
    report.add(outcome(7.44))
    report.add(Outcome(kind="pause-enrichment-taskmanager-70", detail="", recovery_s=112))
    assert capsys.readouterr().out == (
        "chaos:   1/30 kill-redis                          7.4 s to recover  redis\n"
        "chaos:   2/30 pause-enrichment-taskmanager-70   112.0 s to recover\n"
    )


def test_the_last_line_is_for_scripts() -> None:
    report = Report(seed=7, planned=2, outcomes=[outcome(3), outcome(7.2)])
    assert report.last_line(FINE, recommits=5) == (
        "chaos: seed=7 faults=2 recommits=5 lost=0 duplicated=0 recovery_p95_s=8"
    )


def test_what_differs_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    row = Difference(Key(1_795_417_200_000, "env-a", "film", "1080p"), Amount(1, 1, 1), None)
    verdict = Verdict(lost=1, duplicated=2, differences=(row,), copies=Copies(surplus=2, missing=0))
    report = Report(seed=7, planned=2)
    report.show(verdict)
    assert capsys.readouterr().out == (
        "  2026-11-23T07 env-a film 1080p: expected Amount(delivered_ms=1, deliveries=1, bytes=1), billed None\n"
        "chaos: enriched has 2 batches too many and lacks 0\n"
    )
    assert report.last_line(verdict, recommits=0).endswith("lost=1 duplicated=2 recovery_p95_s=0")


def test_nothing_is_shown_where_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    Report(seed=7, planned=2).show(FINE)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([], 95, 0, id="none"),
        pytest.param([4.2], 95, 5, id="one"),
        pytest.param(range(1, 101), 95, 95, id="a-hundred"),
        pytest.param(range(1, 21), 95, 19, id="twenty"),
        pytest.param(range(1, 20), 95, 19, id="nineteen"),
        pytest.param([9, 1, 5], 50, 5, id="in-any-order"),
    ],
)
def test_percentiles(values: list[float], percent: int, expected: int) -> None:
    assert percentile(values, percent) == expected


@given(st.lists(st.floats(0, 1_000), min_size=1))
def test_all_are_within_the_hundredth_percentile(values: list[float]) -> None:
    assert max(values) <= percentile(values, 100) <= max(values) + 1
