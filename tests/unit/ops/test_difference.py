"""How a difference is told to people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.difference import Difference, EnvironmentChange, SourceChange, report, some_of
from ops.hours import EPOCH

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
CHANGE = EnvironmentChange("env-a", added=2, changed=1, removed=3, before_ms=1_234_567, after_ms=1_000_000)
BATCHES = SourceChange("edge", added=4, changed=5, dropped=6, first=TEN, last=TEN.replace(hour=12))


def test_a_difference_names_rows_by_environment_and_batches_by_source_and_hours() -> None:
    rejects = SourceChange("fastly", added=1, changed=0, dropped=0, first=EPOCH, last=EPOCH)
    assert report(Difference(environments=(CHANGE,), sources=(BATCHES, rejects))).splitlines() == [
        "env-a: 2 rows added, 1 changed, 3 removed; 1,234,567 ms -> 1,000,000 ms (-234,567)",
        "edge: 4 batches added, 5 changed, 6 dropped; 2026-09-01T10 to 2026-09-01T12",
        "fastly: 1 batches added, 0 changed, 0 dropped; nothing but rejected lines",
    ]


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        (Difference(), False),
        (Difference(environments=(CHANGE,)), True),
        (Difference(sources=(BATCHES,)), True),
    ],
    ids=["nothing", "rows", "batches"],
)
def test_any_change_is_a_difference(found: Difference, differs: bool) -> None:
    assert bool(found) is differs


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b", "c", "d", "e"], "a, b, c, d, e"),
        (["a", "b", "c", "d", "e", "f", "g"], "a, b, c, d, e and 2 more"),
    ],
    ids=["one", "all", "too many"],
)
def test_only_a_few_names_are_told(names: list[str], text: str) -> None:
    assert some_of(names) == text
