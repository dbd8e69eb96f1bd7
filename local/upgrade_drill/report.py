"""What the drill prints: a line a drill, and a last line for scripts."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.drill import report
from local.drill.report import percentile
from local.drill.verdict import Verdict
from local.upgrade_drill.drills import Done


@dataclass
class Report(report.Report):
    """Collects drills and prints as they come."""

    name = "upgrade"

    planned: int
    done: list[Done] = field(default_factory=list)

    def add(self, name: str, done: Done) -> None:
        """Note a drill and print it, with the gap of each upgrade and rollback."""
        self.done.append(done)
        gaps = ", ".join(f"{switched.gap_s:.0f} s" for switched in done.switched)
        self.say(f"{len(self.done)}/{self.planned} {name:<20} gap {gaps}  {done.detail}".rstrip())

    def last_line(self, verdict: Verdict) -> str:
        """The verdict for scripts."""
        gaps = [switched.gap_s for done in self.done for switched in done.switched]
        return (
            f"upgrade: drills={len(self.done)} lost={verdict.lost} duplicated={verdict.duplicated}"
            f" gap_p95_s={percentile(gaps, 95)}"
        )
