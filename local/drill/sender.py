"""Posts deliveries to collectors as CDNs do: the same bytes to one collector or another until one has taken them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from types import TracebackType
from typing import Final, Self

import aiohttp

from local.drill.account import Delivery
from local.traffic.post import NO_ANSWER, post

#: A CDN gives up on an answer and posts anew, though the collector may have taken what it has.
_ANSWER_SECONDS: Final = 20.0
#: No fault lasts so long: a delivery that nobody takes for this time is a failure of the system.
_PATIENCE_SECONDS: Final = 900.0
#: Every error of a server, and no answer at all.
_AGAIN: Final = frozenset((NO_ANSWER, *range(500, 600)))


class Sender:
    """Keeps connections to the collectors at `urls`; a context manager that owns them."""

    def __init__(self, urls: Sequence[str], seed: int) -> None:
        self._urls = urls
        self._draw = random.Random(f"sender-{seed}")
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, delivery: Delivery) -> None:
        """Post until a collector acknowledges. Raises Refused, or TimeoutError after a quarter of an hour."""
        await self._post(delivery, self._turns(self._draw.randrange(len(self._urls))))

    async def send_to_all(self, delivery: Delivery) -> None:
        """Post once more, to each collector until it acknowledges; raises as `send`."""
        for index in range(len(self._urls)):
            await self._post(delivery, self._turns(index))

    async def _post(self, delivery: Delivery, urls: Iterator[str]) -> None:
        paths = (f"{url}/v1/logs/{delivery.cdn.value}" for url in urls)
        await post(self._session, paths, delivery.wire, patience_s=_PATIENCE_SECONDS, again=_AGAIN)

    def _turns(self, first: int) -> Iterator[str]:
        """All collectors by turns, without end, from one of them on."""
        return cycle((*self._urls[first:], *self._urls[:first]))
