"""The process that faults are tried on."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from local import process
from local.chaos.faults.world import World
from local.chaos.targets import Target
from local.process import Child


def sleeper(*, restarted: bool = True) -> Target:
    return Target(
        name="sleeper",
        names=lambda *_: ["sleeper"],
        restart=(lambda system, _: cast("Any", system).start()) if restarted else None,
    )


def running(world: World) -> Child | None:
    return process.find(world.system.settings.state, "sleeper")


async def until_not_stopped(child: Child) -> None:
    async with asyncio.timeout(5):
        while state_of(child) == "T":  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(0.01)


def state_of(child: Child) -> str:
    fields = process._stat(child.pid)
    assert fields is not None
    return fields[0]
