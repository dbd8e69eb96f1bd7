"""What is stopped lives, and goes on whatever becomes of the drill."""

from __future__ import annotations

import asyncio

import pytest

from local.chaos.faults.pause import Pause
from local.chaos.faults.world import World
from tests.unit.local.chaos.faults.sleeper import running, sleeper, state_of, until_not_stopped


async def test_what_is_stopped_lives_and_goes_on(world: World) -> None:
    child = running(world)
    assert child is not None
    pausing = asyncio.create_task(Pause(sleeper(), seconds=1).inject(world))
    await asyncio.sleep(0.3)
    assert state_of(child) == "T"
    await pausing
    await until_not_stopped(child)


async def test_what_is_stopped_goes_on_even_if_the_drill_is_interrupted(world: World) -> None:
    child = running(world)
    assert child is not None
    pausing = asyncio.create_task(Pause(sleeper(), seconds=600).inject(world))
    await asyncio.sleep(0.3)
    pausing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pausing
    await until_not_stopped(child)
