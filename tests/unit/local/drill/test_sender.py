"""A delivery goes to either collector, again and again, until one of them has taken it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from local.drill.account import Delivery
from local.drill.sender import Sender
from local.traffic.events import Cdn
from local.traffic.post import Refused
from local.traffic.wire import Wire

DELIVERY = Delivery(number=1, cdn=Cdn.AKAMAI, lines=1, wire=Wire(body=b"a line\n"), bill={})


@dataclass
class Collector:
    """Answers with what it is given, then with 200."""

    answers: list[int] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.received.append((request.path, await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Retry-After": "0"})


@pytest.fixture
async def collectors() -> AsyncIterator[list[Collector]]:
    made = [Collector(), Collector()]
    async with AsyncExitStack() as stack:
        for collector in made:
            app = web.Application()
            app.router.add_post("/{path:.*}", collector.take)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made


async def send(collectors: list[Collector], seed: int = 1) -> None:
    async with Sender([collector.url for collector in collectors], seed) as sender:
        await sender.send(DELIVERY)


async def test_a_delivery_goes_to_one_collector_at_its_sources_path(collectors: list[Collector]) -> None:
    await send(collectors)
    assert [*collectors[0].received, *collectors[1].received] == [("/v1/logs/akamai", b"a line\n")]


async def test_every_collector_gets_deliveries(collectors: list[Collector]) -> None:
    for seed in range(12):
        await send(collectors, seed)
    assert all(collector.received for collector in collectors)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_after_an_error_the_other_collector_gets_the_same_bytes(collectors: list[Collector], status: int) -> None:
    for collector in collectors:
        collector.answers = [status]
    await send(collectors)
    bodies = [body for collector in collectors for _, body in collector.received]
    assert bodies == [b"a line\n"] * 3
    assert {len(collector.received) for collector in collectors} == {1, 2}


async def test_a_refusal_is_an_error_of_the_system(collectors: list[Collector]) -> None:
    for collector in collectors:
        collector.answers = [400]
    with pytest.raises(Refused, match="400"):
        await send(collectors)


async def test_a_copy_goes_to_every_collector(collectors: list[Collector]) -> None:
    async with Sender([collector.url for collector in collectors], 1) as sender:
        await sender.send_to_all(DELIVERY)
    assert [len(collector.received) for collector in collectors] == [1, 1]
