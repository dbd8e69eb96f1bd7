"""The way of an invalidation from whoever changed an asset to every running job: a short stream in Redis.

A job that cannot follow it loses nothing but speed: its entries go by their age. A message is as old as its id says,
by Redis' clock, and puts the asset's floor so long ago by the clock of the process that hears it: only durations are
compared. That is after the change, which is announced once it is committed. However often and however late a message
is heard, what was read after it is believed: a restart in an outage of the asset database forgets nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, cast

import redis
import redis.asyncio
from redis.exceptions import RedisError

from jobs.enrichment.fleet_cache import KEY_PREFIX
from jobs.enrichment.floors import Floors

STREAM: Final = "asset-invalidations:v1"
#: Messages are kept for a process that was without Redis or is starting: what is older in Redis is old by its age.
_KEPT_MS: Final = 600_000
#: Clocks are cut to whole milliseconds: without this a floor could lie one before the change.
_ROUNDING_MS: Final = 2
_BLOCK_MS: Final = 5_000
_CHUNK: Final = 1_000


def invalidate(client: redis.Redis, asset_ids: Iterable[str]) -> int:
    """Make every job read these assets anew, from the next batch on; returns how many. Raises RedisError."""
    count = 0
    for chunk in _chunks(asset_ids):
        _announce(client, [{"asset": asset_id} for asset_id in chunk])
        client.unlink(*(f"{KEY_PREFIX}{asset_id}" for asset_id in chunk))
        count += len(chunk)
    return count


def invalidate_all(client: redis.Redis) -> int:
    """Make every job read every asset anew; returns how many Redis held. Raises RedisError."""
    _announce(client, [{"all": "1"}])
    count = 0
    for chunk in _chunks(client.scan_iter(f"{KEY_PREFIX}*", count=_CHUNK)):
        count += cast("int", client.unlink(*chunk))
    return count


class InvalidationFeed:
    """Raises floors as messages come in. `client` must wait longer for an answer than the feed blocks."""

    #: What the client's timeout must exceed, in seconds.
    BLOCK_S: Final = _BLOCK_MS / 1000

    def __init__(
        self,
        client: redis.asyncio.Redis,
        floors: Floors,
        now_ms: Callable[[], int],
        failed: Callable[[Exception], None],
        pause_s: float = 5.0,
    ) -> None:
        self._client = client
        self._floors = floors
        self._now_ms = now_ms
        self._failed = failed
        self._pause_s = pause_s
        self._heard_ms: int | None = None
        #: Messages heard, after an outage of Redis again; the job exports it.
        self.received = 0

    async def follow(self) -> None:
        """Follow the stream until cancelled, over every outage of Redis."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                self._failed(error)
                await asyncio.sleep(self._pause_s)

    async def close(self) -> None:
        await self._client.aclose()

    async def _listen(self) -> None:
        """Hear what comes, until Redis fails."""
        after: bytes | int = await self._begin_ms()
        while True:
            for _, messages in await self._client.xread({STREAM: after}, count=_CHUNK, block=_BLOCK_MS):
                redis_ms = await self._redis_ms()
                for message_id, fields in messages:
                    self._raise(fields, redis_ms - _ms_of(message_id))
                    after = message_id
                    self._heard_ms = _ms_of(message_id)

    async def _begin_ms(self) -> int:
        """Where to go on: behind what was heard, and never later than where messages are kept from.

        Perhaps this is another server, whose clock makes lower ids.
        """
        kept_ms = await self._redis_ms() - _KEPT_MS
        return kept_ms if self._heard_ms is None else min(kept_ms, self._heard_ms)

    async def _redis_ms(self) -> int:
        seconds, microseconds = await self._client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def _raise(self, fields: dict[bytes, bytes], age_ms: int) -> None:
        self.received += 1
        now_ms = self._now_ms()
        floor_ms = min(now_ms, now_ms - age_ms + _ROUNDING_MS)
        if b"all" in fields:
            self._floors.raise_all(floor_ms)
        elif b"asset" in fields:
            self._floors.raise_one(fields[b"asset"].decode(), floor_ms)


def _ms_of(message_id: bytes) -> int:
    """When Redis took a message, by its clock: ids are `<milliseconds>-<number>`."""
    return int(message_id.partition(b"-")[0])


def _announce(client: redis.Redis, messages: list[dict[str, str]]) -> None:
    seconds, _ = cast("tuple[int, int]", client.time())
    pipeline = client.pipeline(transaction=False)
    for message in messages:
        fields: dict[Any, Any] = dict(message)
        pipeline.xadd(STREAM, fields, minid=str(seconds * 1000 - _KEPT_MS), approximate=False)
    pipeline.execute()


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
