"""CDNs that post without pause, remember what was promised, and come again to any collector."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import aiohttp

from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.integration.collectors.traffic import cloudflare_line

LINES = 40


def body_of(name: str, lines: int = LINES) -> bytes:
    """A delivery's body; each name makes another."""
    return b"\n".join(cloudflare_line(f"{name}-{number}") for number in range(lines))


def delivery_id(body: bytes) -> str:
    """The identity that collectors give a body."""
    return hashlib.sha256(body).hexdigest()


def records_by_delivery(batches: Sequence[AccessLogBatch]) -> Counter[str]:
    """Records of each delivery, copies of a batch left out."""
    unique = {batch.header.batch_id: batch for batch in batches}
    records: Counter[str] = Counter()
    for batch in unique.values():
        records[batch.header.delivery_id] += len(batch.records)
    return records


class Senders:
    """Some senders at once. `promised` are the identities of deliveries that were answered with 200."""

    def __init__(self, urls: Sequence[str], source: str = "acme") -> None:
        self.promised: set[str] = set()
        #: Every other answer, and how often: a status, or the name of the connection's failure.
        self.failures: Counter[str] = Counter()
        self._urls = [f"{url}/v1/logs/{source}" for url in urls]
        self._numbers = count()
        self._is_stopping = False
        self._progress = asyncio.Condition()

    @asynccontextmanager
    async def sending(self, count: int = 6) -> AsyncIterator[None]:
        """Send for as long as the block lasts; every delivery that was begun is then brought to its 200."""
        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.create_task(self._send(session)) for _ in range(count)]
            try:
                yield
            finally:
                self._is_stopping = True
                async with asyncio.timeout(30):
                    await asyncio.gather(*tasks)

    async def until_promised(self, more: int) -> None:
        """Return once so many more deliveries have been promised."""
        wanted = len(self.promised) + more
        async with asyncio.timeout(30), self._progress:
            await self._progress.wait_for(lambda: len(self.promised) >= wanted)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        while not self._is_stopping:
            await self._deliver(session, next(self._numbers))

    async def _deliver(self, session: aiohttp.ClientSession, number: int) -> None:
        body = body_of(f"d{number}")
        for attempt in count(number):
            outcome = await self._post(session, self._urls[attempt % len(self._urls)], body)
            if outcome == "200":
                break
            self.failures[outcome] += 1
            await asyncio.sleep(0.05)
        async with self._progress:
            self.promised.add(delivery_id(body))
            self._progress.notify_all()

    async def _post(self, session: aiohttp.ClientSession, url: str, body: bytes) -> str:
        try:
            async with session.post(url, data=body) as answer:
                await answer.read()
                return str(answer.status)
        except aiohttp.ClientConnectionError as error:
            return type(error).__name__
