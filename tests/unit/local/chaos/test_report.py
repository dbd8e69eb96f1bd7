"""What a drill prints: lines for people while it runs, one for scripts at its end."""

from __future__ import annotations

import pytest

from local.chaos.report import Outcome, Report
from local.drill.verdict import Copies, Verdict

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
