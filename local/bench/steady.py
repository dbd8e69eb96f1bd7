"""Records a second in steady state, from points of progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Start-up and the last, half-empty fetches are left out.
_FROM: Final = 0.2
_TO: Final = 0.9


@dataclass(frozen=True)
class Rate:
    """A measurement: records in all, and records a second between a fifth and nine tenths of them."""

    records: int
    records_a_second: float


def steady_rate(progress: Sequence[tuple[float, int]]) -> Rate:
    """Rate from (seconds, records so far) points in the order of time. Raises ValueError where there are too few."""
    total = progress[-1][1] if progress else 0
    steady = [(moment, done) for moment, done in progress if _FROM * total <= done <= _TO * total]
    if len(steady) < 2:
        raise ValueError(f"{len(progress)} points of progress give no steady state: measure more records")
    (began, first), (ended, last) = steady[0], steady[-1]
    return Rate(total, (last - first) / (ended - began))
