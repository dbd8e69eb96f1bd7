"""What a drill prints: a line a fault, and a last line for scripts."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.drill import report
from local.drill.report import percentile
from local.drill.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A fault that was got over; `recovery_s` is from its end to the system's recovery."""

    kind: str
    detail: str
    recovery_s: float


@dataclass
class Report(report.Report):
    """Collects outcomes and prints as they come."""

    name = "chaos"

    seed: int
    planned: int
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Note a fault and print it."""
        self.outcomes.append(outcome)
        place = f"{len(self.outcomes):>3}/{self.planned}"
        self.say(f"{place} {outcome.kind:<32} {outcome.recovery_s:>6.1f} s to recover  {outcome.detail}".rstrip())

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
