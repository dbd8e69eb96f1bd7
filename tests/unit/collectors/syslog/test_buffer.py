"""Lines gathered into deliveries, and kept until Kafka has them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from collectors.batches.blocks import Delivery
from collectors.batches.records import LineParser
from collectors.kafka.publisher import KafkaUnavailable
from collectors.limits.budget import ByteBudget
from collectors.listeners import SyslogEndpoint
from collectors.metrics import Metrics
from collectors.parsers import fastly
from collectors.parsers.registry import FORMATS
from collectors.sources import Source
from collectors.syslog import buffer as module
from collectors.syslog.buffer import LineBuffer
from collectors.syslog.memory import SyslogMemory
from collectors.syslog.surroundings import Surroundings
from collectors.trust.credentials import Credentials
from schemas.batch import BLOCK_MAX_BYTES
from tests.support.fake_kafka import TurnedClock

NOW = 1_795_417_200_391
SOURCE = Source(
    id="acme",
    cdn="fastly",
    parse=fastly.parser(fastly.Options()),
    framing="json",
    format=FORMATS["fastly", "json"],
    credentials=Credentials(),
    syslog=SyslogEndpoint(host="127.0.0.1", port=0),
)


@dataclass
class FakeIntake:
    """Takes deliveries once `open` is set, after failing `failures` times."""

    needs_kafka = True
    attempts: list[Delivery] = field(default_factory=list)
    accepted: list[Delivery] = field(default_factory=list)
    failures: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        self.attempts.append(delivery)
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise KafkaUnavailable("no answer")
        self.accepted.append(delivery)


class World:
    def __init__(self, flush_interval_s: float = 60.0) -> None:
        self.intake = FakeIntake()
        self.intake.open.set()
        self.clock = TurnedClock(NOW)
        self.metrics = Metrics()
        self.rooms = 0
        self.budget = ByteBudget(100_000_000)
        surroundings = Surroundings(
            intake=self.intake,
            clock=self.clock,
            metrics=self.metrics,
            memory=SyslogMemory(self.budget),
            flush_interval_s=flush_interval_s,
        )
        self.buffer = LineBuffer(SOURCE, surroundings, on_room=self.count_room)

    def count_room(self) -> None:
        self.rooms += 1

    def sizes(self) -> list[int]:
        return [len(delivery.lines) for delivery in self.intake.accepted]

    def lost(self) -> float | None:
        return self.metrics.registry.get_sample_value("collector_syslog_lost_lines_total", {"source": "acme"})


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_S", 0)


async def test_a_block_of_lines_goes_out_at_once_and_the_rest_when_drained() -> None:
    world = World()
    world.buffer.add([b"x"] * 2_500)
    await asyncio.sleep(0.01)
    assert world.sizes() == [1_000, 1_000]
    await world.buffer.drain(1)
    assert world.sizes() == [1_000, 1_000, 500]


async def test_a_delivery_never_holds_more_than_one_block() -> None:
    world = World()
    world.buffer.add([b"x" * 100_000] * 5 + [b"x" * BLOCK_MAX_BYTES])
    await world.buffer.drain(1)
    assert world.sizes() == [2, 2, 1, 1]


async def test_few_lines_go_out_after_the_interval() -> None:
    world = World(flush_interval_s=0.02)
    world.buffer.add([b"a"])
    world.buffer.add([b"b"])
    await asyncio.sleep(0.1)
    assert [delivery.lines for delivery in world.intake.accepted] == [[b"a", b"b"]]


async def test_every_delivery_has_an_identity_and_a_time_of_its_own() -> None:
    world = World()
    world.buffer.add([b"a"] * 1_000)
    world.clock.ms += 500
    world.buffer.add([b"b"])
    await world.buffer.drain(1)
    first, second = world.intake.accepted
    assert (first.source_id, first.cdn, first.received_at_ms, second.received_at_ms) == (
        "acme",
        "fastly",
        NOW,
        NOW + 500,
    )
    assert len({first.delivery_id, second.delivery_id}) == 2


async def test_a_retry_is_the_same_delivery() -> None:
    world = World()
    world.intake.failures = 3
    world.buffer.add([b"a"])
    await world.buffer.drain(1)
    assert world.intake.attempts == [world.intake.accepted[0]] * 4


async def test_there_is_no_room_while_too_many_deliveries_wait() -> None:
    world = World()
    world.intake.open.clear()
    world.buffer.add([b"x"] * 15_001)
    assert world.buffer.has_room
    world.buffer.add([b"x"] * 1_000)
    assert not world.buffer.has_room
    world.intake.open.set()
    await world.buffer.drain(1)
    assert (world.buffer.has_room, world.rooms, sum(world.sizes())) == (True, 1, 16_001)


async def test_what_kafka_does_not_take_before_the_drain_ends_is_counted_as_lost() -> None:
    world = World()
    world.intake.open.clear()
    world.buffer.add([b"x"] * 1_200)
    await world.buffer.drain(0.02)
    assert (world.sizes(), world.lost()) == ([], 1_200)


async def test_draining_nothing_ends_at_once() -> None:
    await World().buffer.drain(60)


async def test_lines_count_as_bytes_in_flight_until_kafka_has_them_or_they_are_given_up() -> None:
    world = World()
    world.intake.open.clear()
    world.buffer.add([b"x" * 10] * 1_500)
    assert world.budget.used == 15_000
    world.intake.open.set()
    await asyncio.sleep(0.01)
    assert world.budget.used == 5_000
    world.intake.open.clear()
    await world.buffer.drain(0.02)
    assert world.budget.used == 0
