from __future__ import annotations

import asyncio

from jobs.enrichment.shared_loop import SharedLoop


async def where() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_a_second_open_before_the_first_close_shares_the_loop() -> None:
    shared = SharedLoop()
    first, second = shared.acquire(), shared.acquire()
    assert first is second
    shared.release()
    assert first.submit(where()).result(timeout=5).is_running()
    shared.release()


def test_after_the_last_close_the_next_open_has_a_new_loop() -> None:
    shared = SharedLoop()
    first = shared.acquire()
    old = first.submit(where()).result(timeout=5)
    shared.release()
    second = shared.acquire()
    assert second.submit(where()).result(timeout=5) is not old
    shared.release()
