"""`python -m local.soak`: an hour of steady load, or MINUTES=<n>."""

from __future__ import annotations

import asyncio
import os
import sys

from local import program
from local.drill.drawn import Drawn
from local.settings import Settings, from_environment
from local.soak import system
from local.soak.settings import SoakSettings
from local.soak.settings import from_environment as chosen_from
from local.soak.soak import Restarted, say, soak


def main() -> int:
    """Run the soak; an interruption or a failure leaves no process behind either."""
    return program.run("soak", lambda: run(chosen_from(os.environ), system.beside(from_environment())), Restarted)


def run(chosen: SoakSettings, settings: Settings) -> int:
    """Run a soak and return its exit status: 0 if memory is flat, throughput steady and state small."""
    speed, drawn = system.Speed(chosen.minutes), Drawn.by(chosen.seed)
    say(f"{chosen.minutes:g} minutes in {settings.state}, ports from {settings.port_base}; {speed.factor:.0f} x time")
    with system.running(settings, drawn, speed.now_ms()) as (running, clock):
        found = asyncio.run(soak(chosen, running, clock, speed, drawn.supply(clock)))
    say(found.explained())
    print(found.last_line(), flush=True)
    return 0 if found.is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
