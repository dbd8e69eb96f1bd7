"""Names of metrics in PromQL."""

from __future__ import annotations

import pytest

from tests.support.promql import metrics_of


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("up", {"up"}),
        ("absent(up) or vector(0)", {"up"}),
        ("sum by (source, outcome) (rate(a_total[5m])) > 0", {"a_total"}),
        ('a{b=~"c|d {e}"} / on (f) group_left (g) max(h offset 5m)', {"a", "h"}),
        ("time() - (max(max_over_time(a[1d:1m])) > 0) / 1e3 unless b:c", {"a", "b:c"}),
    ],
)
def test_only_metrics_are_named(expression: str, names: set[str]) -> None:
    assert metrics_of(expression) == names
