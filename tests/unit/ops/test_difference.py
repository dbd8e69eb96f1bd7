"""How a difference is told to people."""

from __future__ import annotations

import pytest

from ops.difference import Difference, EnvironmentChange, show, some_of

CHANGE = EnvironmentChange("env-a", added=2, changed=1, removed=3, before_ms=1_234_567, after_ms=1_000_000)
NOTHING = Difference(environments=(), added_batches=0, changed_batches=0)


def test_a_difference_names_rows_and_milliseconds_by_environment() -> None:
    found = Difference(environments=(CHANGE,), added_batches=4, changed_batches=5)
    assert show(found).splitlines() == [
        "env-a: 2 rows added, 1 changed, 3 removed; 1,234,567 ms -> 1,000,000 ms (-234,567)",
        "batches: 4 added, 5 changed",
    ]


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        (NOTHING, False),
        (Difference(environments=(CHANGE,), added_batches=0, changed_batches=0), True),
        (Difference(environments=(), added_batches=1, changed_batches=0), True),
        (Difference(environments=(), added_batches=0, changed_batches=1), True),
    ],
    ids=["nothing", "rows", "a new batch", "a changed batch"],
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
