"""The bound on bytes in flight: from the first byte of a body to Kafka's acknowledgement of what it became."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class OutOfMemoryBudget(Exception):
    """No room for more bytes in flight; the sender shall come again later."""


class ByteBudget:
    """Bytes that may be in flight at once."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read."""
        return self.used >= self.limit

    def reservation(self) -> Reservation:
        """An empty reservation, to be grown as bytes arrive and given back by leaving its `with` block."""
        return Reservation(self)

    def take(self, size: int) -> None:
        """Take `size` bytes or raise OutOfMemoryBudget."""
        if self.used + size > self.limit:
            raise OutOfMemoryBudget(f"{self.used} of {self.limit} bytes are in flight")
        self.used += size

    def take_unasked(self, size: int) -> None:
        """Take bytes that are here already, beyond the limit if need be: the caller reads no more while it is full."""
        self.used += size

    def give_back(self, size: int) -> None:
        """Return bytes."""
        self.used -= size
        if self._waiting and not self.is_full:
            waiting, self._waiting = self._waiting, []
            for on_room in waiting:
                on_room()

    def when_room(self, on_room: Callable[[], None]) -> None:
        """Call back once, as soon as the budget is no longer full. It is full now; asking twice is asking once."""
        if on_room not in self._waiting:
            self._waiting.append(on_room)


class Reservation:
    """The bytes of one delivery."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._size = 0

    def grow(self, size: int) -> None:
        """Reserve more. Raises OutOfMemoryBudget."""
        self._budget.take(size)
        self._size += size

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget.give_back(self._size)
        self._size = 0
