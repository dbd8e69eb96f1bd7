"""The stream that tells running jobs which assets to read anew, on a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis import Redis

from jobs.enrichment.fleet_cache import KEY_PREFIX, client
from jobs.enrichment.floors import Floors
from jobs.enrichment.invalidation import STREAM, InvalidationFeed, invalidate, invalidate_all
from local import redis
from local.settings import Settings
from tests.integration.stages import until

MINUTE_MS = 60_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def following(server: Settings, floors: Floors) -> AsyncIterator[InvalidationFeed]:
    """A feed that tries again at once after an error."""
    connected = client(redis.url(server), None, InvalidationFeed.BLOCK_S + 1)
    feed = InvalidationFeed(connected, floors, now_ms, failed=lambda _: None, pause_s=0.05)
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
    began_ms = now_ms()
    async with following(own_redis, floors) as feed:
        assert invalidate(tool, asset_ids) == 2_500
        await heard(feed, 2_500)
    assert all(began_ms <= floors.of(asset_id) <= now_ms() for asset_id in asset_ids)
    assert floors.of("other") == 0
    assert tool.keys(f"{KEY_PREFIX}*") == [f"{KEY_PREFIX}other".encode()]


async def test_all_are_heard_of_in_one_message_and_deleted(own_redis: Settings) -> None:
    tool = connected(own_redis)
    tool.mset({f"{KEY_PREFIX}asset-{number}": b"old" for number in range(2_500)})
    floors = Floors()
    began_ms = now_ms()
    async with following(own_redis, floors) as feed:
        assert invalidate_all(tool) == 2_500
        await heard(feed, 1)
    assert began_ms <= floors.of("anything") <= now_ms()
    assert tool.keys("*") == [STREAM.encode()]


async def test_who_starts_later_hears_of_the_last_minutes(own_redis: Settings) -> None:
    began_ms = now_ms()
    invalidate(connected(own_redis), ["a1"])
    ended_ms = now_ms()
    await asyncio.sleep(0.1)
    floors = Floors()
    async with following(own_redis, floors) as feed:
        await heard(feed, 1)
    assert began_ms <= floors.of("a1") <= ended_ms + 10
    assert floors.of("a2") == 0


async def test_what_was_read_after_an_announcement_is_believed_however_late_that_is_heard(own_redis: Settings) -> None:
    announced_ms = now_ms() - 5 * MINUTE_MS
    connected(own_redis).xadd(STREAM, {"all": "1"}, id=f"{announced_ms}-0")
    floors = Floors()
    async with following(own_redis, floors) as feed:
        await heard(feed, 1)
    assert announced_ms < floors.of("a1") < announced_ms + 100


async def test_what_is_older_than_messages_are_kept_is_not_heard(own_redis: Settings) -> None:
    tool = connected(own_redis)
    tool.xadd(STREAM, {"all": "1"}, id=f"{now_ms() - 11 * MINUTE_MS}-0")
    tool.xadd(STREAM, {"asset": "a1"})
    floors = Floors()
    async with following(own_redis, floors) as feed:
        await heard(feed, 1)
        assert (feed.received, floors.of("a2")) == (1, 0)


async def test_a_message_from_the_future_counts_from_now(own_redis: Settings) -> None:
    """After a failover to a server whose clock is behind, Redis goes on from the higher ids."""
    connected(own_redis).xadd(STREAM, {"asset": "a1"}, id=f"{now_ms() + 5 * MINUTE_MS}-0")
    floors = Floors()
    async with following(own_redis, floors) as feed:
        await heard(feed, 1)
        assert floors.of("a1") <= now_ms()


async def test_what_is_announced_while_redis_is_away_and_back_is_heard(own_redis: Settings) -> None:
    """Another server may take its place, with an earlier clock and so with lower ids."""
    floors = Floors()
    async with following(own_redis, floors) as feed:
        connected(own_redis).xadd(STREAM, {"asset": "a1"}, id=f"{now_ms() + 5 * MINUTE_MS}-0")
        await heard(feed, 1)
        redis.halt(own_redis)
        redis.launch(own_redis)
        began_ms = now_ms()
        invalidate(connected(own_redis), ["a2"])
        await heard(feed, 2)
    assert began_ms <= floors.of("a2") <= now_ms()


def test_the_stream_holds_ten_minutes_and_no_more(own_redis: Settings) -> None:
    tool = connected(own_redis)
    tool.xadd(STREAM, {"asset": "old"}, id=f"{now_ms() - 11 * MINUTE_MS}-0")
    tool.xadd(STREAM, {"asset": "young"}, id=f"{now_ms() - 9 * MINUTE_MS}-0")
    invalidate(tool, ["new"])
    assert [fields for _, fields in tool.xrange(STREAM)] == [{b"asset": b"young"}, {b"asset": b"new"}]
