"""The spool as the event loop sees it."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from collectors.metrics import Metrics
from collectors.spool.parcel import Parcel
from collectors.spool.spool import Spool
from collectors.spool.store import SpoolFull, SpoolLimits, SpoolStore
from tests.support.fake_kafka import TurnedClock
from tests.unit.collectors.spool.world import NOW, World, make_delivery, names


async def test_taking_waits_for_the_first_delivery(world: World) -> None:
    taking = asyncio.create_task(world.spool.take())
    await asyncio.sleep(0.02)
    assert not taking.done()
    delivery = make_delivery("d1")
    await world.spool.put(delivery)
    assert await taking == [delivery]


async def test_what_was_taken_is_given_again_until_it_is_done(world: World) -> None:
    for name in ("d1", "d2"):
        await world.spool.put(make_delivery(name))
    assert await world.spool.take() == await world.spool.take() == [make_delivery("d1"), make_delivery("d2")]
    await world.spool.done()
    await world.spool.put(make_delivery("d3"))
    assert await world.spool.take() == [make_delivery("d3")]


async def test_a_large_delivery_is_taken_alone(world: World) -> None:
    large = make_delivery("large", *[b"x" * 1_000_000] * 9)
    await world.spool.put(make_delivery("d1"))
    await world.spool.put(large)
    await world.spool.put(make_delivery("d2"))
    for expected in (make_delivery("d1"), large, make_delivery("d2")):
        assert await world.spool.take() == [expected]
        await world.spool.done()


async def test_what_waits_is_exported_by_source_with_its_size_and_age(world: World) -> None:
    await world.spool.put(make_delivery("d1", received_at_ms=NOW))
    world.clock.ms += 60_000
    await world.spool.put(make_delivery("d2", received_at_ms=NOW + 60_000))
    await world.spool.put(make_delivery("d3", source_id="other", received_at_ms=NOW + 60_000))
    assert world.sample("collector_spool_deliveries", source="acme") == 2
    assert world.sample("collector_spool_deliveries", source="other") == 1
    assert world.sample("collector_spooled_deliveries_total", source="acme") == 2
    assert world.sample("collector_spool_bytes") == world.store.size > 0
    assert world.sample("collector_spool_oldest_age_seconds") == 60


async def test_an_empty_spool_has_no_age(world: World) -> None:
    assert world.sample("collector_spool_oldest_age_seconds") == 0
    await world.spool.put(make_delivery("d1"))
    world.clock.ms += 5_000
    await world.spool.take()
    assert world.sample("collector_spool_oldest_age_seconds") == 5
    await world.spool.done()
    taking = asyncio.create_task(world.spool.take())
    await asyncio.sleep(0.05)
    taking.cancel()
    assert world.sample("collector_spool_oldest_age_seconds") == 0
    assert world.sample("collector_spool_deliveries", source="acme") == 0
    assert world.sample("collector_spool_bytes") == 0


async def test_what_a_start_finds_is_exported(tmp_path: Path) -> None:
    earlier = SpoolStore(tmp_path, SpoolLimits(min_free_bytes=0))
    for name in ("d1", "torn"):
        earlier.append(Parcel.of(make_delivery(name)))
    size = earlier.size
    earlier.close()
    (segment,) = (name for name in names(tmp_path) if name.endswith(".segment"))
    os.truncate(tmp_path / segment, size - 1)
    metrics = Metrics()
    store = SpoolStore(tmp_path, SpoolLimits(min_free_bytes=0))
    Spool(store, clock=TurnedClock(NOW), metrics=metrics)
    sample = metrics.registry.get_sample_value
    assert sample("collector_spool_deliveries", {"source": "acme"}) == 1
    assert sample("collector_spool_torn_records_total") == 1
    assert sample("collector_spool_damaged_segments") == 0
    store.close()


async def test_what_does_not_fit_is_not_counted_as_kept(tmp_path: Path) -> None:
    world = World(tmp_path, max_bytes=10)
    with pytest.raises(SpoolFull):
        await world.spool.put(make_delivery("d1"))
    assert world.sample("collector_spooled_deliveries_total", source="acme") is None
    await world.spool.close()


async def test_the_disk_does_not_hold_up_the_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, loop = os.fsync, asyncio.get_running_loop()
    ready, release = asyncio.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        loop.call_soon_threadsafe(ready.set)
        assert release.wait(5)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    putting = asyncio.create_task(world.spool.put(make_delivery("d1")))
    await ready.wait()
    assert not putting.done()
    release.set()
    await putting


async def test_a_broken_disk_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            await world.spool.put(make_delivery("lost"))
    await world.spool.put(make_delivery("d1"))
    assert await world.spool.take() == [make_delivery("d1")]
