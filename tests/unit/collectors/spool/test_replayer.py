"""Spooled deliveries on their way to Kafka."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from collectors.spool import replayer
from schemas.batch import parse_batch
from tests.support.fake_kafka import TIMED_OUT
from tests.unit.collectors.spool.world import GOOD, NOW, PARSE, World, make_delivery, names

HOUR_MS = 3_600_000
REFUSED = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(replayer, "_RETRY_S", 0.01)


async def spool(world: World, *delivery_ids: str) -> None:
    for delivery_id in delivery_ids:
        await world.spool.put(make_delivery(delivery_id))


async def test_a_replay_is_what_a_retry_would_have_been_published_now(world: World) -> None:
    await world.intake.accept(make_delivery("d1", GOOD, b"bad"), PARSE)
    await world.spool.put(make_delivery("d1", GOOD, b"bad"))
    world.clock.ms = NOW + 3 * HOUR_MS
    async with world.replaying():
        await world.until_empty()
    direct, replayed = (parse_batch(batch.SerializeToString()) for batch in world.sent())
    assert (direct.header.published_at_ms, replayed.header.published_at_ms) == (NOW, NOW + 3 * HOUR_MS)
    replayed.header.published_at_ms = NOW
    assert replayed == direct
    first, again = world.producer.dead_letters()
    assert first == again


async def test_what_is_replayed_after_two_days_is_late(world: World) -> None:
    await spool(world, "d1")
    world.clock.ms = NOW + 49 * HOUR_MS
    async with world.replaying():
        await world.until_empty()
    assert [batch.header.late for batch in world.sent()] == [True]


async def test_deliveries_are_replayed_in_order_and_counted(world: World) -> None:
    names = [f"d{number}" for number in range(50)]
    await spool(world, *names)
    async with world.replaying():
        await world.until_empty()
    assert [batch.header.delivery_id for batch in world.sent()] == names
    assert world.sample("collector_spool_replayed_deliveries_total", source="acme") == 50
    assert world.sample("collector_deliveries_total", source="acme", outcome="accepted") == 50


async def test_nothing_is_forgotten_before_kafka_has_answered(world: World) -> None:
    await spool(world, "d1")
    world.producer.answering = False
    async with world.replaying():
        await world.until_sent(1)
        assert world.store.waiting == {"acme": 1}
        world.producer.answering = True
        await world.until_empty()


async def test_a_replay_that_is_cut_off_is_repeated_under_the_same_ids(world: World) -> None:
    await spool(world, "d1", "d2")
    world.producer.answering = False
    async with world.replaying():
        await world.until_sent(2)
    world.producer.answering = True
    async with world.replaying():
        await world.until_empty()
    ids = [batch.header.batch_id for batch in world.sent()]
    assert ids[:2] == ids[2:]


@pytest.mark.parametrize("error", [TIMED_OUT, REFUSED], ids=["silent", "refuses"])
async def test_it_tries_until_kafka_takes_it(world: World, error: KafkaError) -> None:
    await spool(world, "d1")
    world.producer.error = error
    async with world.replaying():
        await world.until_sent(3)
        world.producer.error = None
        await world.until_empty()


async def test_what_kafka_has_taken_is_not_sent_again_because_another_failed(world: World) -> None:
    produce = world.producer.produce

    def picky(topic: str, value: bytes | None = None, **message: object) -> None:
        world.producer.error = REFUSED if b"refused" in (value or b"") else None
        produce(topic, value, **message)
        world.producer.poll(0)

    world.producer.produce = picky  # type: ignore[method-assign]
    await spool(world, "d1", "refused", "d2")
    async with world.replaying():
        await world.until_sent(6)
    assert [batch.header.delivery_id for batch in world.sent()][:6] == ["d1", "refused", "d2", *["refused"] * 3]
    assert world.store.waiting == {"acme": 3}, "what was replayed is forgotten in order"


@pytest.mark.parametrize(("error", "silent"), [(None, False), (REFUSED, False), (TIMED_OUT, True)])
async def test_any_answer_ends_the_silence(world: World, error: KafkaError | None, silent: bool) -> None:
    world.spool.kafka_is_silent = True
    world.producer.error = error
    await spool(world, "d1")
    async with world.replaying():
        await world.until_sent(1)
        await asyncio.sleep(0.1)
    assert world.spool.kafka_is_silent is silent


async def test_a_disk_that_fails_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await spool(world, "d1")
    failures = 0
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        nonlocal failures
        failures += 1
        if failures < 4:
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    async with world.replaying():
        await world.until_empty()
    assert (failures >= 4, len(world.sent())) == (True, 1)


async def test_it_goes_on_with_what_comes_later(world: World, tmp_path: Path) -> None:
    async with world.replaying():
        for name in ("d1", "d2"):
            await spool(world, name)
            await world.until_empty()
    assert len(world.sent()) == 2
    assert names(tmp_path) == ["lock"]
