"""Senders: as fast as the receiver takes it, or at a fixed rate whatever the receiver does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice

import aiohttp

from local.ports import LOOPBACK
from local.traffic.wire import Wire

Post = Callable[[Wire], Awaitable[None]]


class Refused(RuntimeError):
    """A delivery got another answer than 200: what was measured would not be acceptance."""


def poster(session: aiohttp.ClientSession, url: str) -> Post:
    """Posts deliveries to a URL. What it returns raises Refused."""

    async def post(delivery: Wire) -> None:
        async with session.post(url, data=delivery.body, headers=delivery.headers) as answer:
            if answer.status != 200:
                raise Refused(f"{url}: {answer.status} {await answer.text()}")

    return post


async def post_all(post: Post, deliveries: Sequence[Wire], count: int, connections: int) -> None:
    """Post so many deliveries, each connection its next one as soon as the last is answered."""
    todo = islice(cycle(deliveries), count)

    async def connection() -> None:
        for delivery in todo:
            await post(delivery)

    await asyncio.gather(*(connection() for _ in range(connections)))


async def post_at_rate(post: Post, deliveries: Sequence[Wire], interval_s: float, seconds: float) -> list[float]:
    """Seconds to the answer of each delivery, from the moment at which it was due.

    Deliveries are due every `interval_s` seconds whether or not earlier ones are answered, as CDNs send them, and
    time spent waiting to be sent counts: a receiver that stalls cannot hide it by slowing the sender down.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def due_at(moment: float, delivery: Wire) -> float:
        await post(delivery)
        return loop.time() - moment

    answers: list[asyncio.Task[float]] = []
    for number, delivery in enumerate(islice(cycle(deliveries), int(seconds / interval_s))):
        moment = started + number * interval_s
        await asyncio.sleep(moment - loop.time())
        answers.append(asyncio.create_task(due_at(moment, delivery)))
    return await asyncio.gather(*answers)


async def send_syslog(port: int, streams: Sequence[bytes], repeats: int) -> None:
    """Send each stream of frames, repeated, on a connection of its own, as fast as the receiver reads."""

    async def connection(stream: bytes) -> None:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        for _ in range(repeats):
            writer.write(stream)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*map(connection, streams))
