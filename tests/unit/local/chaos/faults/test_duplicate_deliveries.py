"""What was acknowledged comes again, to every collector, and to no account."""

from __future__ import annotations

import random
from typing import Any, cast

from local.chaos.faults.duplicate_deliveries import DuplicateDeliveries
from local.chaos.faults.world import World
from local.drill.account import Delivery
from local.traffic.events import Cdn
from local.traffic.wire import Wire

SENT = [Delivery(number=n, cdn=Cdn.AKAMAI, lines=1, wire=Wire(body=b""), bill={}) for n in range(3)]


class StandIn:
    """A load that has sent three deliveries, and a sender that notes what it sends."""

    def __init__(self) -> None:
        self.again: list[Delivery] = []

    def acknowledged(self, count: int, chance: random.Random) -> list[Delivery]:
        return SENT[:count]

    async def send_to_all(self, delivery: Delivery) -> None:
        self.again.append(delivery)


async def test_acknowledged_deliveries_are_posted_to_all_collectors_again() -> None:
    both, none = StandIn(), cast("Any", None)
    world = World(none, proxy=none, load=cast("Any", both), sender=cast("Any", both), chance=random.Random(1))
    fault = DuplicateDeliveries()
    await fault.inject(world)
    assert both.again == SENT
    assert fault.detail == "3 deliveries posted to both collectors again"
