"""`python -m local.soak`: an hour of steady load, or MINUTES=<n>."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from typing import Final

from local.chaos.supply import Supply, draw_stencils
from local.failures import first_of
from local.flink_jobs import JobEnded, SubmitFailed
from local.ports import PortInUse
from local.process import StartFailed
from local.settings import InvalidSetting, Settings, from_environment
from local.soak import system
from local.soak.settings import SoakSettings
from local.soak.settings import from_environment as chosen_from
from local.soak.soak import Restarted, say, soak
from local.stack import AlreadyRunning
from local.traffic import catalogue, sources
from local.traffic.events import Cdn
from local.traffic.post import Refused

#: What the message of explains; anything else is a fault of the soak itself, and shows its traceback.
_EXPLAINED: Final = (
    *(Restarted, Refused, TimeoutError, ConnectionError, JobEnded, SubmitFailed),
    *(AlreadyRunning, PortInUse, StartFailed, InvalidSetting, subprocess.TimeoutExpired),
)


def main() -> int:
    """Run the soak; an interruption or a failure leaves no process behind either."""
    logging.basicConfig(level=logging.WARNING, format="soak: %(message)s", stream=sys.stdout)
    logging.getLogger("local.stack").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(chosen_from(os.environ), system.beside(from_environment()))
    except _EXPLAINED as error:
        print(f"soak: {error}", file=sys.stderr)
    except ExceptionGroup as failures:
        _, unexplained = failures.split(_EXPLAINED)
        if unexplained is not None:
            raise
        print(f"soak: {first_of(failures)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("soak: interrupted; everything is stopped", file=sys.stderr)
        return 130
    return 1


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
