"""What every drill prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.drill.report import Report, percentile
from local.drill.verdict import Copies, Verdict
from local.settings import Settings
from local.traffic.comparison import Difference
from local.traffic.oracle import Amount, Key


class Named(Report):
    name = "drill"


def test_the_beginning_says_where_and_what_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    Named().begin("seed=7", Settings(state=Path("/state"), port_base=20_000))
    where, shortened = capsys.readouterr().out.splitlines()
    assert where == "drill: seed=7, in /state, ports from 20000"
    assert shortened.startswith("drill: shortened for the drill: execution.checkpointing.interval=5 s, ")


def test_what_differs_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    row = Difference(Key(1_795_417_200_000, "env-a", "film", "1080p"), Amount(1, 1, 1), None)
    Named().show(Verdict(lost=1, duplicated=2, differences=(row,), copies=Copies(surplus=2, missing=0)))
    assert capsys.readouterr().out == (
        "  2026-11-23T07 env-a film 1080p: expected Amount(delivered_ms=1, deliveries=1, bytes=1), billed None\n"
        "drill: enriched has 2 batches too many and lacks 0\n"
    )


def test_nothing_is_shown_where_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    Named().show(Verdict(lost=0, duplicated=0, differences=(), copies=Copies(surplus=0, missing=0)))
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
