"""The stream that tells running jobs which assets to read anew, on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis import Redis

from jobs.enrichment import invalidation
from jobs.enrichment.fleet_cache import KEY_PREFIX, client
from jobs.enrichment.floors import Floors
from jobs.enrichment.invalidation import STREAM, InvalidationFeed, invalidate, invalidate_all
from local import redis
from local.settings import Settings
from tests.integration.stages import until

NOW = 1_795_000_000_000


@asynccontextmanager
async def following(server: Settings, floors: Floors) -> AsyncIterator[InvalidationFeed]:
    """A feed that raises floors to NOW, and tries again at once after an error."""
    connected = client(redis.url(server), None, InvalidationFeed.BLOCK_S + 1)
    feed = InvalidationFeed(connected, floors, lambda: NOW, failed=lambda _: None, pause_s=0.05)
    task = asyncio.create_task(feed.follow())
    yield feed
    task.cancel()
    await feed.close()


async def heard(feed: InvalidationFeed, count: int) -> None:
    await asyncio.to_thread(until, lambda: feed.received >= count)


def connected(server: Settings) -> Any:
    """A client for the command's side; its types would leave open whether it is awaited."""
    return Redis.from_url(redis.url(server))


async def test_any_number_of_assets_is_heard_and_deleted(own_redis: Settings) -> None:
    asset_ids = [f"asset-{number}" for number in range(2_500)]
    tool = connected(own_redis)
    tool.mset({f"{KEY_PREFIX}{asset_id}": b"old" for asset_id in asset_ids} | {f"{KEY_PREFIX}other": b"old"})
    floors = Floors()
    async with following(own_redis, floors) as feed:
        assert invalidate(tool, asset_ids) == 2_500
        await heard(feed, 2_500)
    assert {floors.of(asset_id) for asset_id in asset_ids} == {NOW}
    assert floors.of("other") == 0
    assert tool.keys(f"{KEY_PREFIX}*") == [f"{KEY_PREFIX}other".encode()]


async def test_all_are_heard_of_in_one_message_and_deleted(own_redis: Settings) -> None:
    tool = connected(own_redis)
    tool.mset({f"{KEY_PREFIX}asset-{number}": b"old" for number in range(2_500)})
    floors = Floors()
    async with following(own_redis, floors) as feed:
        assert invalidate_all(tool) == 2_500
        await heard(feed, 1)
    assert floors.of("anything") == NOW
    assert tool.keys("*") == [STREAM.encode()]


async def test_who_starts_later_hears_of_the_last_minutes(own_redis: Settings) -> None:
    invalidate(connected(own_redis), ["a1"])
    floors = Floors()
    async with following(own_redis, floors) as feed:
        await heard(feed, 1)
    assert (floors.of("a1"), floors.of("a2")) == (NOW, 0)


async def test_what_is_announced_while_redis_is_away_and_back_is_heard(own_redis: Settings) -> None:
    """Another server may take its place, with an earlier clock and so with lower ids."""
    floors = Floors()
    async with following(own_redis, floors) as feed:
        invalidate(connected(own_redis), ["a1"])
        await heard(feed, 1)
        redis.halt(own_redis)
        redis.launch(own_redis)
        connected(own_redis).xadd(STREAM, {"asset": "a2"}, id="1-1")
        await heard(feed, 2)
    assert (floors.of("a1"), floors.of("a2")) == (NOW, NOW)


def test_the_stream_stays_short(own_redis: Settings) -> None:
    tool = connected(own_redis)
    pipeline = tool.pipeline(transaction=False)
    for number in range(5_000):
        pipeline.xadd(STREAM, {"asset": "old"}, id=f"{1_000 + number}-0")
    pipeline.execute()
    invalidate(tool, ["new"])
    assert tool.xlen(STREAM) < 5_000
    assert tool.xrevrange(STREAM, count=1)[0][1] == {b"asset": b"new"}
    assert invalidation._KEPT_MS == 600_000
