"""What faults are done to, and what every fault is."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from local.chaos.proxy import Proxy
from local.chaos.system import System
from local.drill.load import Load
from local.drill.sender import Sender
from local.drill.verdict import Stretch


@dataclass
class World:
    """What faults are done to, and what they have proven so far."""

    system: System
    proxy: Proxy
    load: Load
    sender: Sender
    chance: random.Random
    recommits: int = 0
    #: Where in raw stands what the broker has thrown away although a checkpoint had promised it.
    expired: list[Stretch] = field(default_factory=list)


class Fault(ABC):
    """One fault, from its beginning to its end."""

    #: What was done, for the drill's line about it; set once that is known.
    detail = ""

    @abstractmethod
    async def inject(self, world: World) -> None:
        """Do it, and wait as long as it lasts."""

    async def end(self, world: World) -> None:  # noqa: B027  # most faults end by themselves
        """Do what an operator would; the recovery is timed from before this."""

    async def afterwards(self, world: World) -> None:  # noqa: B027  # as above
        """What is to do when the system has recovered; another recovery follows that is not timed."""
