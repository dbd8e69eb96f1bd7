"""The capacity is that of the whole system: time until everything is counted is part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import pytest

from local.drill import capacity, offsets
from local.drill.account import Account, Delivery
from local.drill.load import Load
from local.traffic.events import Cdn
from local.traffic.wire import Wire


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_WARM_UP_SECONDS", 0.01)
    monkeypatch.setattr(capacity, "_STRETCH_SECONDS", 0.1)
    monkeypatch.setattr(capacity, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(offsets, "ends", lambda *_: {0: 7})


def maker() -> Callable[[], Delivery]:
    numbers = count(1)
    return lambda: Delivery(number=next(numbers), cdn=Cdn.AKAMAI, lines=10, wire=Wire(body=b""), bill={})


async def take(_: Delivery) -> None:
    await asyncio.sleep(0.01)


async def measured() -> tuple[float, Account]:
    account = Account()
    load = Load(maker(), take, account)
    running = asyncio.create_task(load.run())
    value = await capacity.measure(load, account, "nowhere:1")
    assert load._in_flight == 0
    load.stop()
    await running
    return value, account


async def test_lines_a_second_are_counted_until_the_last_one_is_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "committed", lambda *_: {0: 7})
    quick, _ = await measured()
    asked = count(1)

    def slow(*_: str) -> dict[int, int]:
        return {0: 6 if next(asked) % 20 else 7}

    monkeypatch.setattr(offsets, "committed", slow)
    slowly, _ = await measured()
    assert 0 < slowly < quick


async def test_both_topics_are_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def committed(*arguments: str) -> dict[int, int]:
        asked.append(arguments)
        return {0: 7}

    monkeypatch.setattr(offsets, "committed", committed)
    await capacity.drained("nowhere:1")
    assert asked == [
        ("nowhere:1", "enrichment", "cdn-logs.raw"),
        ("nowhere:1", "media-usage", "cdn-logs.enriched"),
    ]


async def test_what_does_not_get_through_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_DRAIN_SECONDS", 0.05)
    monkeypatch.setattr(offsets, "committed", lambda *_: {0: 6})
    with pytest.raises(TimeoutError, match=r"enrichment is 1 messages behind in cdn-logs\.raw"):
        await capacity.drained("nowhere:1")
