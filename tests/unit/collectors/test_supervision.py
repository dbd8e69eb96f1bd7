"""Tasks that must not end unseen."""

from __future__ import annotations

import asyncio

import pytest

from collectors.supervision import supervise


@pytest.fixture
async def fatal() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


async def fail() -> None:
    raise ValueError("why")


async def test_a_failed_task_is_told_with_its_name(fatal: asyncio.Future[str]) -> None:
    supervise(asyncio.create_task(fail(), name="heartbeat"), fatal)
    assert await fatal == "heartbeat failed: ValueError('why')"


async def test_the_first_failure_is_the_one_that_is_told(fatal: asyncio.Future[str]) -> None:
    fatal.set_result("fenced")
    task = asyncio.create_task(fail())
    supervise(task, fatal)
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert fatal.result() == "fenced"


@pytest.mark.parametrize("how", ["ended", "cancelled"])
async def test_a_task_that_ended_or_was_cancelled_is_no_failure(fatal: asyncio.Future[str], how: str) -> None:
    task = asyncio.create_task(asyncio.sleep(60 if how == "cancelled" else 0))
    supervise(task, fatal)
    if how == "cancelled":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert not fatal.done()
