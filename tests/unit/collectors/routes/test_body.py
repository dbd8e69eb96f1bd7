"""Bodies: opened within limits, and never in the way of others."""

from __future__ import annotations

import asyncio
import gzip
import random
import threading
from typing import Any

import pytest

from collectors.framing import compression
from collectors.routes import body as module

BEARER = {"Authorization": "Bearer a-secret-of-acme-1234"}
MIB = 1024 * 1024
#: Compresses to some 200 KiB.
LARGE = b"".join(b'{"n":%d}\n' % random.Random(number).getrandbits(60) for number in range(30_000))


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads in which bodies were opened."""
    names: list[str] = []
    opened = compression.decompress

    def decompress(body: bytes, **limits: int) -> bytes:
        names.append(threading.current_thread().name)
        return opened(body, **limits)

    monkeypatch.setattr(module, "decompress", decompress)
    return names


@pytest.mark.parametrize(
    ("body", "in_thread"),
    [(gzip.compress(LARGE[:1_000]), False), (LARGE, False), (gzip.compress(LARGE), True)],
    ids=["small", "large but not compressed", "large"],
)
async def test_large_bodies_are_opened_by_a_thread(
    collector: Any, threads: list[str], body: bytes, in_thread: bool
) -> None:
    assert (await collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)).status == 200
    assert [name != threading.main_thread().name for name in threads] == [in_thread]


async def test_so_many_at_a_time_and_others_have_their_answers_meanwhile(
    collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, running, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def decompress(body: bytes, **limits: int) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        release.wait(5)
        with lock:
            running -= 1
        return b"bad"

    monkeypatch.setattr(module, "decompress", decompress)
    body = gzip.compress(LARGE)
    posts = [
        asyncio.create_task(collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)) for _ in range(5)
    ]
    await asyncio.sleep(0.1)
    assert (await collector.client.get("/healthz")).status == 200
    assert not any(post.done() for post in posts)
    release.set()
    assert [(await post).status for post in posts] == [200] * 5
    assert most == 2


async def test_what_a_thread_finds_wrong_is_answered_like_anything_else(start: Any) -> None:
    collector = await start(max_decompressed_bytes=len(LARGE) - 1)
    body = gzip.compress(LARGE)
    assert (await collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)).status == 413
    assert (
        await collector.client.post("/v1/logs/cloudflare", data=body[: len(body) // 2], headers=BEARER)
    ).status == 400
    assert collector.budget.used == 0


async def test_what_it_becomes_counts_as_in_flight(start: Any) -> None:
    body = gzip.compress(LARGE)
    collector = await start(memory=len(body) + len(LARGE) - 1)
    assert (await collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)).status == 503
    assert collector.outcomes() == {("cloudflare", "overloaded"): 1}
    assert collector.budget.used == 0
