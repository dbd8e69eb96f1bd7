"""Listeners on both event loops: transports differ in when reading starts, and in what may be called twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
import uvloop

from collectors.sources import Source
from tests.support.syslog_world import World, syslog_source


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


Start = Callable[..., Awaitable[World]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start listeners; whatever they hold goes out in the end."""
    worlds: list[World] = []

    async def start_one(source: Source | None = None, **options: Any) -> World:
        world = World(source or syslog_source(), **options)
        await world.listener.start()
        worlds.append(world)
        return world

    yield start_one
    for world in worlds:
        world.intake.open.set()
        await world.listener.stop(1)
