from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from local.bench.collectors.load import Refused, post_all, post_at_rate, poster, send_syslog
from local.traffic.wire import Wire

DELIVERIES = [Wire(body=b"a", headers={"X-Part": "1"}), Wire(body=b"b")]


class Receiver:
    """Takes deliveries, each for `hold_s` seconds, one after the other."""

    def __init__(self, hold_s: float = 0) -> None:
        self.bodies: list[bytes] = []
        self.at_once = self.most_at_once = 0
        self._hold_s = hold_s
        self._turn = asyncio.Lock()

    async def post(self, delivery: Wire) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        async with self._turn:
            await asyncio.sleep(self._hold_s)
        self.bodies.append(delivery.body)
        self.at_once -= 1


async def test_each_connection_waits_for_its_answer() -> None:
    receiver = Receiver(hold_s=0.001)
    await post_all(receiver.post, DELIVERIES, 9, connections=3)
    assert sorted(receiver.bodies) == [b"a"] * 5 + [b"b"] * 4
    assert receiver.most_at_once == 3


async def test_a_slow_receiver_does_not_slow_the_rate_down_and_its_queue_counts() -> None:
    receiver = Receiver(hold_s=0.04)
    answers_s = await post_at_rate(receiver.post, DELIVERIES, interval_s=0.01, seconds=0.2)
    assert len(answers_s) == 20
    # The last was due after 0.19 s, and waited for nineteen others of 0.04 s.
    assert 0.5 < answers_s[-1] < 2
    assert answers_s == sorted(answers_s)
    assert receiver.most_at_once > 5


async def test_any_other_answer_than_200_ends_the_measurement() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["X-Part"] == "1"
        return web.Response(status=503, text="later")

    app = web.Application()
    app.router.add_post("/logs", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        with pytest.raises(Refused, match="503 later"):
            await poster(session, str(server.make_url("/logs")))(DELIVERIES[0])


async def test_every_stream_has_a_connection_of_its_own() -> None:
    received: list[bytes] = []
    done = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())
        writer.close()
        if len(received) == 2:
            done.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        await send_syslog(server.sockets[0].getsockname()[1], [b"1 a", b"b\n"], repeats=3)
        await asyncio.wait_for(done.wait(), 5)
    assert sorted(received) == [b"1 a1 a1 a", b"b\nb\nb\n"]
