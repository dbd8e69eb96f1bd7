"""`python -m local.upgrade_drill`: the whole drill, with what SEED=<n> draws to be delivered."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from local import program
from local.chaos.settings import from_environment as chosen_from
from local.drill import ticking
from local.drill.drawn import Drawn
from local.settings import Settings, from_environment
from local.upgrade.builds import InvalidBuild
from local.upgrade.switch import NotUpgraded
from local.upgrade_drill import system
from local.upgrade_drill.drill import LINES_A_SECOND, Drill
from local.upgrade_drill.drills import DRILLS, NotAsExpected
from local.upgrade_drill.report import Report
from local.upgrade_drill.trees import StaleEdit


def main() -> int:
    """Run the drill; an interruption or a failure leaves no process behind either."""
    explained = (InvalidBuild, NotUpgraded, NotAsExpected, StaleEdit, subprocess.CalledProcessError)
    return program.run(
        "upgrade", lambda: run(chosen_from(os.environ).seed, system.beside(from_environment())), *explained
    )


def run(seed: int, settings: Settings) -> int:
    """0 if nothing was lost, nothing counted twice, and everything proven."""
    report = Report(len(DRILLS))
    report.begin(f"seed={seed}, {LINES_A_SECOND:,.0f} lines/s", settings)
    drawn = Drawn.by(seed)
    with system.running(settings, drawn, ticking.days_ago_ms()) as (running, clock):
        drill = Drill(running, clock, report, seed)
        verdict = asyncio.run(drill.run(drawn.supply(clock)))
        report.show(verdict)
        print(report.last_line(verdict), flush=True)
    return 0 if verdict.clean and not drill.objections else 1


if __name__ == "__main__":
    sys.exit(main())
