"""A CDN that posts once more what it has an answer for."""

from __future__ import annotations

from typing import Final

from local.chaos.faults.world import Fault, World

_REPEATED: Final = 20


class DuplicateDeliveries(Fault):
    """Deliveries that were acknowledged are posted again, to every collector."""

    async def inject(self, world: World) -> None:
        again = world.load.acknowledged(_REPEATED, world.chance)
        for delivery in again:
            await world.sender.send_to_all(delivery)
        self.detail = f"{len(again)} deliveries posted to both collectors again"
