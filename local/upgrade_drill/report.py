"""What the drill prints: a line a drill, and a last line for scripts."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.chaos.report import percentile
from local.chaos.verdict import Verdict
from local.traffic.comparison import show_differences
from local.upgrade_drill.drills import Done


@dataclass
class Report:
    """Collects drills and prints as they come."""

    planned: int
    done: list[Done] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Print a line."""
        print(f"upgrade: {text}", flush=True)

    def add(self, name: str, done: Done) -> None:
        """Note a drill and print it, with the gap of each upgrade and rollback."""
        self.done.append(done)
        gaps = ", ".join(f"{switched.gap_s:.0f} s" for switched in done.switched)
        self.say(f"{len(self.done)}/{self.planned} {name:<20} gap {gaps}  {done.detail}".rstrip())

    def show(self, verdict: Verdict) -> None:
        """Print what differs, if anything does."""
        if verdict.differences:
            print(show_differences(verdict.differences))
        if verdict.copies.surplus or verdict.copies.missing:
            self.say(f"enriched has {verdict.copies.surplus} batches too many and lacks {verdict.copies.missing}")

    def last_line(self, verdict: Verdict) -> str:
        """The verdict for scripts."""
        gaps = [switched.gap_s for done in self.done for switched in done.switched]
        return (
            f"upgrade: drills={len(self.done)} lost={verdict.lost} duplicated={verdict.duplicated}"
            f" gap_p95_s={percentile(gaps, 95)}"
        )
