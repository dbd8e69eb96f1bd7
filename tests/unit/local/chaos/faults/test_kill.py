"""What is killed is gone, until somebody starts it again."""

from __future__ import annotations

import signal

import pytest

from local.chaos.faults import kill
from local.chaos.faults.kill import Kill
from local.chaos.faults.world import World
from tests.unit.local.chaos.faults.sleeper import running, sleeper


async def test_what_is_killed_is_gone_until_it_is_started_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill, "_DOWN_SECONDS", 0)
    fault, before = Kill(sleeper()), running(world)
    await fault.inject(world)
    assert running(world) is None
    await fault.end(world)
    assert running(world) not in (None, before)
    assert fault.detail == "sleeper"


async def test_what_a_supervisor_looks_after_is_left_to_it(world: World) -> None:
    fault = Kill(sleeper(restarted=False))
    await fault.inject(world)
    await fault.end(world)
    assert running(world) is None


async def test_a_part_that_does_not_run_cannot_be_hit(world: World) -> None:
    child = running(world)
    assert child is not None
    child.signal(signal.SIGKILL)
    child.wait(10)
    with pytest.raises(LookupError, match="sleeper does not run"):
        await Kill(sleeper()).inject(world)
