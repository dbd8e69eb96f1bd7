"""Requests in progress come to their answer before the server closes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from collectors.routes.drain import DRAIN, Drain

BEARER = {"Authorization": "Bearer a-secret-of-acme-1234"}


async def test_without_requests_a_drain_is_over_at_once() -> None:
    await Drain().finish(60)


async def test_a_drain_waits_for_the_last_request() -> None:
    drain = Drain()
    with drain.request():
        finishing = asyncio.create_task(drain.finish(60))
        with drain.request():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        assert not finishing.done()
    await finishing


async def test_a_drain_gives_up_after_its_time() -> None:
    drain = Drain()
    started = time.monotonic()
    with drain.request():
        await drain.finish(0.05)
    assert 0.05 <= time.monotonic() - started < 5


async def test_a_request_that_fails_is_over_too() -> None:
    drain = Drain()
    with pytest.raises(RuntimeError), drain.request():
        raise RuntimeError("broken")
    await drain.finish(60)


async def test_answers_close_their_connections_while_draining(collector: Any) -> None:
    assert "Connection" not in (await collector.client.post("/v1/logs/fastly", headers=BEARER)).headers
    await collector.app[DRAIN].finish(1)
    answer = await collector.client.post("/v1/logs/fastly", headers=BEARER)
    assert (answer.status, answer.headers["Connection"]) == (200, "close")


async def test_a_body_that_is_under_way_is_waited_for(collector: Any) -> None:
    rest = asyncio.Event()

    async def body() -> Any:
        yield b"half "
        await rest.wait()
        yield b"a line"

    posting = asyncio.create_task(collector.client.post("/v1/logs/fastly", headers=BEARER, data=body()))
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(collector.app[DRAIN].finish(60))
    await asyncio.sleep(0.05)
    assert not draining.done()
    rest.set()
    await draining
    assert (await posting).status == 200
