"""What is promised, and on whose strength."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from collectors.kafka.publisher import KafkaUnavailable
from tests.support.fake_kafka import TIMED_OUT
from tests.unit.collectors.spool.world import World, make_delivery

TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


async def test_with_kafka_well_nothing_goes_to_the_disk(world: World) -> None:
    await world.accept("d1")
    assert (len(world.sent()), world.store.size) == (1, 0)


@pytest.mark.parametrize("error", [TIMED_OUT, TOO_LARGE], ids=["silent", "refuses"])
async def test_what_kafka_does_not_take_is_on_the_disk_when_it_is_promised(world: World, error: KafkaError) -> None:
    world.producer.error = error
    await world.accept("d1")
    assert world.store.waiting == {"acme": 1}
    assert [delivery.delivery_id for delivery in await world.spool.take()] == ["d1"]
    assert world.sample("collector_deliveries_total", source="acme", outcome="accepted") is None


async def test_a_source_whose_deliveries_wait_on_the_disk_is_not_silent(world: World) -> None:
    world.producer.error = TIMED_OUT
    await world.accept("d1")
    (acme,) = [source for source in world.completeness.report().sources if source.id == "acme"]
    assert (acme.last_delivery_ms, acme.minutes) == (world.clock.ms, [])


async def test_a_source_that_did_not_ask_for_the_spool_is_told_to_come_again(world: World) -> None:
    world.producer.error = TIMED_OUT
    with pytest.raises(KafkaUnavailable):
        await world.accept("d1", source_id="other")
    world.spool.kafka_is_silent = True
    world.producer.error = None
    await world.accept("d2", source_id="other")
    assert world.store.size == 0


async def test_while_kafka_is_silent_deliveries_do_not_wait_for_it(world: World) -> None:
    world.producer.error = TIMED_OUT
    await world.accept("d1")
    world.producer.answering = False
    async with asyncio.timeout(0.15):  # the delivery timeout is 0.2 s
        await world.accept("d2")
    assert (world.store.waiting, len(world.sent())) == ({"acme": 2}, 1)


async def test_while_kafka_answers_deliveries_go_to_it_past_those_that_wait(world: World) -> None:
    world.producer.error = TOO_LARGE
    await world.accept("refused")
    world.producer.error = None
    await world.accept("d2")
    assert world.store.waiting == {"acme": 1}
    assert [batch.header.delivery_id for batch in world.sent()] == ["refused", "d2"]


async def test_a_full_spool_promises_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, max_bytes=10)
    world.producer.error = TIMED_OUT
    async with world.publisher:
        with pytest.raises(KafkaUnavailable, match=r"_MSG_TIMED_OUT; the spool holds 0 of 10 bytes"):
            await world.accept("d1")
        assert world.sample("collector_spool_refused_deliveries_total", reason="full") == 1
        assert not world.spool.kafka_is_silent, "Kafka must be tried: nothing that waits would find it well again"
    await world.spool.close()


async def test_kafka_is_needed_once_the_spool_has_no_room(tmp_path: Path) -> None:
    world = World(tmp_path, max_bytes=1024 * 1024 + 10)
    assert (world.intake.needs_kafka, world.door.needs_kafka) == (True, False)
    await world.spool.put(make_delivery("d1"))
    assert world.door.needs_kafka
    await world.spool.close()


async def test_a_broken_disk_promises_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    world.producer.error = TOO_LARGE
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(KafkaUnavailable, match=r"MSG_SIZE_TOO_LARGE; the spool's disk: .*Input/output"):
            await world.accept("d1")
    assert world.sample("collector_spool_refused_deliveries_total", reason="disk") == 1
    assert world.store.waiting == {}
