"""Whether memory stays flat under a steady load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

#: Growth between the second and the last tenth of a run that is no trend: buffers of what is in flight come and go.
_FLAT: Final = 0.05
_MIB: Final = 1024 * 1024
_LEAST_SAMPLES: Final = 10


@dataclass(frozen=True)
class Memory:
    """Mean of the second tenth of a run (the first warms up) and of the last, and the highest value, in bytes."""

    start: float
    end: float
    highest: int

    @property
    def is_flat(self) -> bool:
        """Whether it has not grown by more than 5 %."""
        return self.end <= self.start * (1 + _FLAT)

    def __str__(self) -> str:
        verdict = "flat" if self.is_flat else "NOT FLAT"
        return (
            f"{self.start / _MIB:.0f} MiB at the start, {self.end / _MIB:.0f} MiB at the end, "
            f"{self.highest / _MIB:.0f} MiB at most: {verdict}"
        )


def memory(samples: Sequence[int]) -> Memory:
    """From resident sizes at even intervals. Raises ValueError for fewer than ten."""
    if len(samples) < _LEAST_SAMPLES:
        raise ValueError(f"{len(samples)} samples of memory say nothing: run for longer")
    tenth = len(samples) // 10
    return Memory(mean(samples[tenth : 2 * tenth]), mean(samples[-tenth:]), max(samples))
