"""The load keeps its rate, is bounded, and accounts for a delivery when it is acknowledged and not before."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from itertools import count

import pytest

from local.drill.account import Account, Delivery
from local.drill.load import Load
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire

ROW = Key(0, "env-a", "film", "1080p")


def maker() -> Callable[[], Delivery]:
    numbers = count(1)
    bill = {ROW: Amount(1_000, 1, 10)}
    return lambda: Delivery(number=next(numbers), cdn=Cdn.AKAMAI, lines=100, wire=Wire(body=b""), bill=bill)


class Collector:
    """Acknowledges what it is sent while it is open."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, delivery: Delivery) -> None:
        self.received.append(delivery.number)
        await self.open.wait()


async def for_a_while(load: Load, seconds: float, lines_a_second: float = float("inf")) -> None:
    running = asyncio.create_task(load.run())
    load.go(lines_a_second)
    await asyncio.sleep(seconds)
    load.stop()
    await running


async def test_every_delivery_is_sent_once_and_accounted_for() -> None:
    collector, account = Collector(), Account()
    await for_a_while(Load(maker(), collector.take, account), 0.1)
    assert collector.received == list(range(1, account.deliveries + 1))
    assert account.bill() == {ROW: Amount(1_000 * account.deliveries, account.deliveries, 10 * account.deliveries)}


async def test_the_rate_is_kept() -> None:
    account = Account()
    load = Load(maker(), Collector().take, account)
    began = time.monotonic()
    await for_a_while(load, 0.5, lines_a_second=4_000)
    assert 10 <= account.deliveries <= 4_000 / 100 * (time.monotonic() - began + 1)


async def test_what_is_not_acknowledged_is_neither_accounted_for_nor_left_behind() -> None:
    collector, account = Collector(), Account()
    collector.open.clear()
    load = Load(maker(), collector.take, account)
    running = asyncio.create_task(load.run())
    load.go()
    await asyncio.sleep(0.2)
    load.stop()
    await asyncio.sleep(0)
    assert (account.deliveries, running.done()) == (0, False)
    collector.open.set()
    await running
    assert account.deliveries == len(collector.received)


async def test_deliveries_in_flight_are_bounded() -> None:
    collector = Collector()
    collector.open.clear()
    load = Load(maker(), collector.take, Account())
    running = asyncio.create_task(load.run())
    load.go()
    await asyncio.sleep(0.3)
    assert len(collector.received) == 48
    load.stop()
    collector.open.set()
    await running


async def test_a_pause_begins_when_all_is_acknowledged_and_ends_when_it_is_told_to() -> None:
    collector, account = Collector(), Account()
    collector.open.clear()
    load = Load(maker(), collector.take, account)
    running = asyncio.create_task(load.run())
    load.go(lines_a_second=5_000)
    await asyncio.sleep(0.1)
    pausing = asyncio.create_task(load.pause())
    await asyncio.sleep(0.1)
    assert not pausing.done()
    collector.open.set()
    await pausing
    paused = account.deliveries
    assert paused == len(collector.received) > 0
    await asyncio.sleep(0.1)
    assert account.deliveries == paused
    load.go()
    await asyncio.sleep(0.1)
    assert account.deliveries > paused
    load.stop()
    await running


async def test_nothing_is_made_before_the_load_is_told_to_go() -> None:
    collector = Collector()
    load = Load(maker(), collector.take, Account())
    running = asyncio.create_task(load.run())
    await asyncio.sleep(0.05)
    assert collector.received == []
    load.stop()
    await running


async def test_after_a_pause_the_load_does_not_rush_to_make_up_for_it() -> None:
    collector, account = Collector(), Account()
    load = Load(maker(), collector.take, account)
    load._due = time.monotonic() - 3_600
    await for_a_while(load, 0.3, lines_a_second=1_000)
    assert account.deliveries <= 16


async def test_what_was_acknowledged_can_be_sent_again_and_nothing_else() -> None:
    account = Account()
    load = Load(maker(), Collector().take, account)
    assert load.acknowledged(5, random.Random(1)) == []
    await for_a_while(load, 0.1)
    again = [delivery.number for delivery in load.acknowledged(5, random.Random(1))]
    assert len(set(again)) == 5
    assert set(again) <= set(range(1, account.deliveries + 1))


async def test_a_refusal_ends_the_load() -> None:
    async def refuse(_: Delivery) -> None:
        raise ConnectionRefusedError("never again")

    load = Load(maker(), refuse, Account())
    load.go()
    with pytest.raises(ExceptionGroup) as failures:
        await load.run()
    assert isinstance(failures.value.exceptions[0], ConnectionRefusedError)
