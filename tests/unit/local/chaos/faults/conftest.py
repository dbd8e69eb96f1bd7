"""A world of one process, for faults that hit processes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from local import process
from local.chaos.faults.world import World
from local.process import Child, Spec


class StandIn:
    """A system of one process: `sleep`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.settings = self

    def start(self) -> Child:
        return process.start(Spec(name="sleeper", state=self.state, argv=["sleep", "600"]))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    none = cast("Any", None)
    yield World(cast("Any", stand_in), proxy=none, load=none, sender=none, chance=random.Random(1))
    process.kill_stack(tmp_path)
