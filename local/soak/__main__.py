"""`python -m local.soak`: an hour of steady load, or MINUTES=<n>."""

from __future__ import annotations

import asyncio
import os
import sys

from local import program
from local.chaos.supply import Supply, draw_stencils
from local.settings import Settings, from_environment
from local.soak import system
from local.soak.settings import SoakSettings
from local.soak.settings import from_environment as chosen_from
from local.soak.soak import Restarted, say, soak
from local.traffic import catalogue, sources
from local.traffic.events import Cdn


def main() -> int:
    """Run the soak; an interruption or a failure leaves no process behind either."""
    return program.run("soak", lambda: run(chosen_from(os.environ), system.beside(from_environment())), Restarted)


def run(chosen: SoakSettings, settings: Settings) -> int:
    """Run a soak and return its exit status: 0 if memory is flat, throughput steady and state small."""
    speed, secrets = system.Speed(chosen.minutes), sources.new_secrets(Cdn)
    published = catalogue.build(chosen.seed)
    stencils = draw_stencils(published.registered, chosen.seed)
    say(f"{chosen.minutes:g} minutes in {settings.state}, ports from {settings.port_base}; {speed.factor:.0f} x time")
    with system.running(settings, secrets, published, speed.now_ms()) as (running, clock):
        supply = Supply(stencils, secrets, lambda: clock.now_ms, chosen.seed)
        found = asyncio.run(soak(chosen, running, clock, speed, supply))
    say(found.explained())
    print(found.last_line(), flush=True)
    return 0 if found.is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
