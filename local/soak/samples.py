"""What was sampled, and what follows from it: growth of memory, constancy of throughput. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import linear_regression
from typing import Final, NamedTuple

_MB: Final = 1_000_000
_SECONDS_AN_HOUR: Final = 3_600


class Sample(NamedTuple):
    """A moment in seconds, the resident memory of all watched processes in bytes, and the lines counted until then."""

    at_s: float
    rss_bytes: int
    lines: int


def growth_mb_per_h(samples: Sequence[Sample]) -> float:
    """Slope of the memory, by least squares: one high sample is no leak. Raises StatisticsError for fewer than two."""
    slope = linear_regression([sample.at_s for sample in samples], [sample.rss_bytes for sample in samples]).slope
    return slope * _SECONDS_AN_HOUR / _MB


def throughput_ratio(samples: Sequence[Sample]) -> float:
    """Lines a second in the second half, as a share of those in the first. Raises ValueError for fewer than three."""
    if len(samples) < 3:
        raise ValueError(f"{len(samples)} samples have no halves: soak for longer")
    middle = samples[len(samples) // 2]
    return _rate(middle, samples[-1]) / _rate(samples[0], middle)


def mean_rss_mb(samples: Sequence[Sample]) -> float:
    """Mean memory in megabytes."""
    return sum(sample.rss_bytes for sample in samples) / len(samples) / _MB


def _rate(first: Sample, last: Sample) -> float:
    return (last.lines - first.lines) / (last.at_s - first.at_s)
