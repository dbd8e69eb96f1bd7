"""Memory of lines and of unfinished frames."""

from __future__ import annotations

import pytest

from collectors.limits.budget import ByteBudget, OutOfMemoryBudget
from collectors.syslog.memory import SyslogMemory


def test_lines_are_held_beyond_the_limit_and_then_it_is_full() -> None:
    budget = ByteBudget(1_000)
    memory = SyslogMemory(budget)
    memory.hold(990)
    assert not memory.is_full
    memory.hold(20)
    assert (memory.is_full, budget.used) == (True, 1_010)
    calls: list[str] = []
    memory.when_room(lambda: calls.append("room"))
    memory.release(1_010)
    assert (memory.is_full, budget.used, calls) == (False, 0, ["room"])


def test_unfinished_frames_have_an_eighth_of_it() -> None:
    budget = ByteBudget(800)
    memory = SyslogMemory(budget)
    memory.resize_frame(60)
    memory.resize_frame(40)
    with pytest.raises(OutOfMemoryBudget, match="unfinished frames hold more than 100 bytes"):
        memory.resize_frame(30)
    assert budget.used == 130
    memory.resize_frame(-30)
    memory.resize_frame(0)
    memory.resize_frame(-100)
    assert budget.used == 0
