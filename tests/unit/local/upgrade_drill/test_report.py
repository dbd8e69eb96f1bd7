"""What the drill prints: lines for people while it runs, one for scripts at its end."""

from __future__ import annotations

import pytest

from local.drill.verdict import Copies, Verdict
from local.upgrade.deployments import Deployment
from local.upgrade.switch import Switched
from local.upgrade_drill.drills import Done
from local.upgrade_drill.report import Report

FINE = Verdict(lost=0, duplicated=0, differences=(), copies=Copies(surplus=0, missing=0))


def done(*gaps: float, detail: str = "") -> Done:
    deployment = Deployment(number=1, build="abc")
    return Done(switched=tuple(Switched(deployment=deployment, gap_s=gap) for gap in gaps), detail=detail)


def test_a_drill_is_a_line_with_the_gap_of_each_upgrade(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(7)
    report.add("code-change", done(21.4, 18.0, detail="both jobs"))
    report.add("rescale", done(9.6))
    assert capsys.readouterr().out == (
        "upgrade: 1/7 code-change          gap 21 s, 18 s  both jobs\nupgrade: 2/7 rescale              gap 10 s\n"
    )


def test_the_last_line_is_for_scripts() -> None:
    report = Report(2, [done(21.4, 18.0), done(9.6)])
    assert report.last_line(FINE) == "upgrade: drills=2 lost=0 duplicated=0 gap_p95_s=22"
