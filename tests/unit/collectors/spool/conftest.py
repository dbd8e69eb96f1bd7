"""Deliveries, and a spool with the intake before it, in front of a producer without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from collectors.batches.blocks import Delivery
from tests.unit.collectors.spool.world import World, make_delivery


@pytest.fixture
def delivery() -> Callable[..., Delivery]:
    """Make a delivery of an id."""
    return make_delivery


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A spool that is empty, before Kafka."""
    made = World(tmp_path)
    async with made.publisher:
        yield made
        await made.spool.close()
