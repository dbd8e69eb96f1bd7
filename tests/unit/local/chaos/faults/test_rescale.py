"""A job goes from one task to two, and back, always from its savepoint."""

from __future__ import annotations

import random
from typing import Any, cast

from local.chaos.faults.rescale import Rescale
from local.chaos.faults.world import World
from local.chaos.system import Job
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE


class StandIn:
    """A system that remembers what it was told."""

    def __init__(self) -> None:
        self.jobs = {ENRICHMENT: Job("job-e"), MEDIA_USAGE: Job("job-u")}
        self.submitted: list[tuple[str, int, str]] = []

    def stop(self, module: str) -> str:
        return f"savepoint of {module} with {self.jobs[module].parallelism}"

    def submit(self, module: str, parallelism: int, savepoint: str) -> None:
        self.submitted.append((module, parallelism, savepoint))
        self.jobs[module] = Job("another", parallelism)


async def test_a_job_gets_two_tasks_and_then_one_again() -> None:
    system, none = StandIn(), cast("Any", None)
    world = World(cast("Any", system), proxy=none, load=none, sender=none, chance=random.Random(1))
    details = []
    for _ in range(2):
        fault = Rescale(MEDIA_USAGE)
        await fault.inject(world)
        await fault.end(world)
        details.append(fault.detail)
    assert system.submitted == [
        (MEDIA_USAGE, 2, "savepoint of jobs.media_usage with 1"),
        (MEDIA_USAGE, 1, "savepoint of jobs.media_usage with 2"),
    ]
    assert details == ["parallelism 2", "parallelism 1"]
    assert system.jobs[ENRICHMENT].parallelism == 1
