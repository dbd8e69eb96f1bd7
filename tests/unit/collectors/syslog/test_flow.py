"""When a source is read on."""

from __future__ import annotations

import asyncio

from collectors.limits.budget import ByteBudget
from collectors.limits.pace import Pace
from collectors.metrics import Metrics
from collectors.syslog.flow import Flow
from collectors.syslog.memory import SyslogMemory
from collectors.syslog.surroundings import Surroundings
from tests.support.fake_kafka import TurnedClock
from tests.support.syslog_world import FakeIntake, syslog_source, until


class World:
    def __init__(self, *, memory: int = 100_000_000, pace: Pace | None = None) -> None:
        self.intake = FakeIntake()
        self.budget = ByteBudget(memory)
        self.opened = 0
        surroundings = Surroundings(
            intake=self.intake,
            clock=TurnedClock(0),
            metrics=Metrics(),
            memory=SyslogMemory(self.budget),
            flush_interval_s=60,
        )
        source = syslog_source(more={"pace": pace or Pace()})
        self.flow = Flow(source, surroundings, on_open=self.open)

    def open(self) -> None:
        self.opened += 1


async def test_nothing_is_in_the_way_of_a_quiet_source() -> None:
    world = World()
    world.flow.take([])
    world.flow.take([b"a"])
    assert (world.flow.blocked(), world.opened) == (None, 0)
    await world.flow.drain(1)
    assert world.intake.lines == [b"a"]


async def test_it_opens_once_kafka_has_taken_enough() -> None:
    world = World()
    world.intake.open.clear()
    world.flow.take([b"x"] * 16_001)
    assert (world.flow.blocked(), world.opened) == ("no-room", 0)
    world.intake.open.set()
    await until(lambda: world.opened == 1)
    assert world.flow.blocked() is None


async def test_it_opens_once_there_is_memory_whoever_had_it() -> None:
    world = World(memory=1_000)
    world.budget.take(1_000)
    assert (world.flow.blocked(), world.flow.blocked()) == ("no-room", "no-room")
    world.budget.give_back(1)
    assert (world.flow.blocked(), world.opened) == (None, 1)


async def test_it_opens_after_the_wait_of_its_rate() -> None:
    world = World(pace=Pace(max_bytes_per_s=1_000))
    world.flow.take([b"x" * 10_020])
    assert (world.flow.blocked(), world.flow.blocked(), world.opened) == ("rate", "rate", 0)
    await until(lambda: world.opened == 1)
    await world.flow.drain(1)


async def test_a_wait_that_ends_while_kafka_is_slow_opens_nothing() -> None:
    world = World(memory=10_020, pace=Pace(max_bytes_per_s=1_000))
    world.intake.open.clear()
    world.flow.take([b"x" * 10_010])
    assert world.flow.blocked() == "rate"
    world.flow.take([b"x" * 10])
    await asyncio.sleep(0.05)
    assert (world.flow.blocked(), world.opened) == ("no-room", 0)
    world.intake.open.set()
    await world.flow.drain(1)
