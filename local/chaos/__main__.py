"""`python -m local.chaos`: a drill, or FAULTS=<n> of its faults, in the order that SEED=<n> draws."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from local import program
from local.chaos import disk, schedule, system
from local.chaos.drill import Drill
from local.chaos.faults import registry
from local.chaos.recovery import NoRecovery
from local.chaos.report import Report
from local.chaos.schedule import Kind
from local.chaos.settings import ChaosSettings
from local.chaos.settings import from_environment as chosen_from
from local.drill import ticking
from local.drill.drawn import Drawn
from local.settings import InvalidSetting, Settings, from_environment


def main() -> int:
    """Run the drill; an interruption or a failure leaves no process behind either."""
    return program.run("chaos", lambda: run(chosen_from(os.environ), system.beside(from_environment())), NoRecovery)


def run(chosen: ChaosSettings, settings: Settings) -> int:
    """Run a drill and return its exit status: 0 if nothing was lost, nothing duplicated, and enough was proven."""
    with_disks = disk.can_mount()
    names = _names(chosen, registry.kinds(with_disks=with_disks))
    report = Report(chosen.seed, len(names))
    report.begin(f"seed={chosen.seed}, {len(names)} faults", settings)
    if not with_disks:
        report.say(f"skipped, because no file system can be mounted here: {', '.join(registry.DISK_FAULTS)}")
    drawn = Drawn.by(chosen.seed)
    with system.running(settings, drawn, ticking.days_ago_ms(), with_disks=with_disks) as (running, clock):
        drill = Drill(chosen, running, clock, report)
        verdict = asyncio.run(drill.run(drawn.supply(clock), names))
        report.show(verdict)
        print(report.last_line(verdict, drill.recommits), flush=True)
    proven = drill.recommits == names.count(registry.COMMIT_KILL)
    return 0 if verdict.clean and proven and not drill.objections else 1


def _names(chosen: ChaosSettings, kinds: Sequence[Kind]) -> list[str]:
    """The faults of this drill, in order. Raises InvalidSetting for a kind that there is not."""
    known = {kind.name for kind in kinds}
    if unknown := set(chosen.kinds) - known:
        raise InvalidSetting(f"KINDS={min(unknown)} is no kind of fault here: there are {', '.join(sorted(known))}")
    wanted = [kind for kind in kinds if not chosen.kinds or kind.name in chosen.kinds]
    count = schedule.whole(wanted) if chosen.faults is None else chosen.faults
    return schedule.draw(wanted, count, chosen.seed)


if __name__ == "__main__":
    sys.exit(main())
