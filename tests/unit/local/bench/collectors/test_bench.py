from __future__ import annotations

import os

import pytest

from local.bench.collectors import bench
from local.bench.collectors.bench import Rate

METRICS = """\
# TYPE collector_lines_total counter
collector_lines_total{source="syslog"} 1.5e+06
collector_lines_total{source="ndjson"} 20.0
collector_lines_created{source="ndjson"} 1.7e+09
"""


def test_a_rate_is_told_by_cpu_and_by_the_clock() -> None:
    rate = Rate(records=1_000_000, cpu_s=8, wall_s=10)
    assert str(rate) == "125,000 records per CPU-second (100,000/s by the clock)"


@pytest.mark.parametrize(("source", "lines"), [("syslog", 1_500_000), ("ndjson", 20), ("other", 0)])
def test_lines_are_read_from_the_metrics(source: str, lines: int) -> None:
    assert bench._sample(METRICS, f'collector_lines_total{{source="{source}"}} ') == lines


def arrivals(*counts: int) -> bench.Counter:
    """A counter that says these in turn, and then the last for ever."""
    said = list(counts)

    async def arrived() -> int:
        return said.pop(0) if len(said) > 1 else said[0]

    return arrived


async def nothing() -> None:
    pass


async def test_a_measurement_ends_when_all_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_POLL_S", 0.01)
    rate = await bench._measure(os.getpid(), 100, nothing, arrivals(7, 7, 50, 107))
    assert rate.records == 100
    assert rate.wall_s >= 0.02


async def test_what_never_arrives_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_POLL_S", 0.01)
    monkeypatch.setattr(bench, "_STALL_S", 0.05)
    with pytest.raises(TimeoutError, match="43 of 100 records have arrived"):
        await bench._measure(os.getpid(), 100, nothing, arrivals(7, 50))
