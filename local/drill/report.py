"""What every drill prints: lines for people, under its name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from local.drill.jobs import SHORTENED
from local.drill.verdict import Verdict
from local.settings import Settings
from local.traffic.comparison import show_differences


class Report:
    """Prints as things come."""

    #: Begins every line.
    name: str

    def say(self, text: str) -> None:
        """Print a line."""
        print(f"{self.name}: {text}", flush=True)

    def begin(self, about: str, settings: Settings) -> None:
        """Say what is drilled, where, and what is not as in production."""
        self.say(f"{about}, in {settings.state}, ports from {settings.port_base}")
        self.say(f"shortened for the drill: {', '.join(f'{key}={value}' for key, value in SHORTENED.items())}")

    def show(self, verdict: Verdict) -> None:
        """Print what differs, if anything does."""
        if verdict.differences:
            print(show_differences(verdict.differences))
        if verdict.copies.surplus or verdict.copies.missing:
            self.say(f"enriched has {verdict.copies.surplus} batches too many and lacks {verdict.copies.missing}")


def percentile(values: Sequence[float], percent: int) -> int:
    """The smallest of the values that is at least so many percent of them, rounded up; 0 of none."""
    if not values:
        return 0
    return math.ceil(sorted(values)[math.ceil(len(values) * percent / 100) - 1])
