"""What a drill prints: a line a fault, and a last line for scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.chaos.verdict import Verdict
from local.traffic.comparison import show_differences


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A fault that was got over; `recovery_s` is from its end to the system's recovery."""

    kind: str
    detail: str
    recovery_s: float


@dataclass
class Report:
    """Collects outcomes and prints as they come."""

    seed: int
    planned: int
    outcomes: list[Outcome] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Print a line of the drill."""
        print(f"chaos: {text}", flush=True)

    def add(self, outcome: Outcome) -> None:
        """Note a fault and print it."""
        self.outcomes.append(outcome)
        place = f"{len(self.outcomes):>3}/{self.planned}"
        self.say(f"{place} {outcome.kind:<32} {outcome.recovery_s:>6.1f} s to recover  {outcome.detail}".rstrip())

    def show(self, verdict: Verdict) -> None:
        """Print what differs, if anything does."""
        if verdict.differences:
            print(show_differences(verdict.differences))
        if verdict.copies.surplus or verdict.copies.missing:
            self.say(f"enriched has {verdict.copies.surplus} batches too many and lacks {verdict.copies.missing}")

    def last_line(self, verdict: Verdict, recommits: int) -> str:
        """The verdict for scripts."""
        return (
            f"chaos: seed={self.seed} faults={len(self.outcomes)} recommits={recommits} lost={verdict.lost}"
            f" duplicated={verdict.duplicated} recovery_p95_s={self.recovery_p95_s}"
        )

    @property
    def recovery_p95_s(self) -> int:
        """Seconds within which 95 % of the faults were got over; 0 without a fault."""
        return percentile([outcome.recovery_s for outcome in self.outcomes], 95)


def percentile(values: Sequence[float], percent: int) -> int:
    """The smallest of the values that is at least so many percent of them, rounded up; 0 of none."""
    if not values:
        return 0
    return math.ceil(sorted(values)[math.ceil(len(values) * percent / 100) - 1])
