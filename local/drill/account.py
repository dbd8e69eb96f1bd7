"""The drill's own account: what every acknowledged delivery must bill, each counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Lines as one CDN posts them, with what they must bill; `number` is the delivery's own."""

    number: int
    cdn: Cdn
    lines: int
    wire: Wire
    bill: Mapping[Key, Amount]


class CountedTwice(RuntimeError):
    """A delivery was accounted for a second time: a mistake of the drill, which would hide one of the system."""


class Account:
    """Adds up deliveries as they are acknowledged."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self._sums: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        #: Lines of all acknowledged deliveries.
        self.lines = 0

    @property
    def deliveries(self) -> int:
        """How many are acknowledged."""
        return len(self._numbers)

    def acknowledge(self, delivery: Delivery) -> None:
        """Count a delivery. Raises CountedTwice."""
        if delivery.number in self._numbers:
            raise CountedTwice(f"delivery {delivery.number} was acknowledged before")
        self._numbers.add(delivery.number)
        self.lines += delivery.lines
        for key, amount in delivery.bill.items():
            sums = self._sums[key]
            for index, value in enumerate(amount):
                sums[index] += value

    def bill(self) -> dict[Key, Amount]:
        """What must stand on the bill, row by row."""
        return {key: Amount(*sums) for key, sums in self._sums.items()}
