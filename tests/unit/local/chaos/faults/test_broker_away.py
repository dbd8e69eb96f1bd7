"""The broker is away for as long as it is asked to be."""

from __future__ import annotations

import time

import pytest

from local import kafka
from local.chaos.faults.broker_away import BrokerAway
from local.chaos.faults.world import World


async def test_the_broker_is_stopped_and_started_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(kafka, "halt", lambda _: done.append("stopped"))
    monkeypatch.setattr(kafka, "launch", lambda _: done.append("started"))
    began, fault = time.monotonic(), BrokerAway(0.2)
    await fault.inject(world)
    assert (done, time.monotonic() - began >= 0.2) == (["stopped"], True)
    await fault.end(world)
    assert done == ["stopped", "started"]
