"""The spool in a collector: what is refused at start, and what runs after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from collectors.intake import Intake
from collectors.metrics import Metrics
from collectors.parsers.format import Format
from collectors.settings import InvalidSettings, Settings
from collectors.sources import InvalidSources, Source, Sources
from collectors.spool.intake import SpoolingIntake
from collectors.spool.store import SpoolLimits, SpoolStore
from collectors.spool.wiring import door
from collectors.trust.credentials import Credentials
from tests.support.fake_kafka import TurnedClock
from tests.unit.collectors.spool.world import NOW, PARSE, World, make_delivery, names, until

FORMAT = Format(options=msgspec.Struct, parser=lambda _: PARSE, framing="lines")
PLAIN = Source(id="plain", cdn="generic", parse=PARSE, framing="lines", format=FORMAT, credentials=Credentials())
SPOOLED = replace(PLAIN, id="acme", spool=True)


class Collector:
    """As much of a collector as the spool needs; its intake is that of a world with a spool of its own."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.fatal: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.settings = Settings(
            kafka_bootstrap="kafka:9092",
            sources_file=Path("sources.yaml"),
            clock=TurnedClock(NOW),
            spool_dir=folder,
            spool_min_free_bytes=1,
        )

    def door(self, *sources: Source, **different: object):  # type: ignore[no-untyped-def]  # as `door` says
        return door(
            replace(self.settings, **different),  # type: ignore[arg-type]  # of Settings
            Sources(sources),
            self.world.intake,
            metrics=Metrics(),
            fatal=self.fatal,
        )


@pytest.fixture
async def collector(world: World, tmp_path: Path) -> Collector:
    folder = tmp_path / "spool"
    folder.mkdir()
    return Collector(world, folder)


async def leave(collector: Collector, *delivery_ids: str) -> None:
    """Deliveries that an earlier process left."""
    world = World(collector.folder)
    for delivery_id in delivery_ids:
        await world.spool.put(make_delivery(delivery_id))
    await world.spool.close()


async def test_without_a_folder_the_door_is_the_intake(collector: Collector) -> None:
    async with collector.door(PLAIN, spool_dir=None) as found:
        assert isinstance(found, Intake)


async def test_a_source_that_asks_for_a_spool_that_is_not_there_is_refused(collector: Collector) -> None:
    with pytest.raises(InvalidSources, match="source 'acme', spool: set COLLECTOR_SPOOL_DIR, or remove it"):
        async with collector.door(PLAIN, SPOOLED, spool_dir=None):
            pass


async def test_with_a_folder_sources_that_ask_for_it_are_spooled(collector: Collector) -> None:
    async with collector.door(PLAIN, SPOOLED) as found:
        assert isinstance(found, SpoolingIntake)
        assert found._source_ids == {"acme"}


async def test_what_an_earlier_process_left_is_replayed_even_if_the_source_asks_no_more(collector: Collector) -> None:
    await leave(collector, "d1", "d2")
    async with collector.door(replace(SPOOLED, spool=False)):
        await until(lambda: names(collector.folder) == ["lock"])
    assert [batch.header.delivery_id for batch in collector.world.sent()] == ["d1", "d2"]


async def test_a_source_that_is_gone_while_its_deliveries_wait_is_asked_back(collector: Collector) -> None:
    await leave(collector, "d1")
    with pytest.raises(InvalidSources, match="source 'acme': the spool holds deliveries of it: put its entry back"):
        async with collector.door(PLAIN):
            pass
    SpoolStore(collector.folder, SpoolLimits()).close()


async def test_a_folder_that_another_process_has_is_refused(collector: Collector) -> None:
    store = SpoolStore(collector.folder, SpoolLimits())
    with pytest.raises(InvalidSettings, match=r"COLLECTOR_SPOOL_DIR: another process uses .*: give each collector"):
        async with collector.door(SPOOLED):
            pass
    store.close()


async def test_a_folder_that_cannot_be_written_is_refused(collector: Collector) -> None:
    with pytest.raises(InvalidSettings, match=r"COLLECTOR_SPOOL_DIR: .*: make it writable"):
        async with collector.door(SPOOLED, spool_dir=Path("/dev/null")):
            pass


async def test_a_replay_that_fails_for_no_known_reason_ends_the_process(collector: Collector) -> None:
    def broken(_: bytes) -> object:
        raise ZeroDivisionError

    await leave(collector, "d1")
    async with collector.door(replace(SPOOLED, parse=broken)):  # type: ignore[arg-type]  # a parser with a bug
        assert await asyncio.wait_for(collector.fatal, 5) == "spool replay failed: ZeroDivisionError()"
