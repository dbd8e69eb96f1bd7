"""The way of an invalidation from whoever changed an asset to every running job: a short stream in Redis.

A job that cannot follow it loses nothing but speed: its entries go by their age. A message names the asset and no
time. Each process takes the moment at which it hears of it, by its own clock, as the asset's floor: that is after the
change, and no two clocks are compared.
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
        #: Messages that raised a floor; the job exports it.
        self.received = 0

    async def follow(self) -> None:
        """Follow the stream until cancelled, over every outage of Redis."""
        after: bytes | str = "0"
        while True:
            try:
                answer = await self._client.xread({STREAM: after}, count=_CHUNK, block=_BLOCK_MS)
            except (RedisError, OSError) as error:
                self._failed(error)
                await asyncio.sleep(self._pause_s)
                after = "0"  # perhaps another server, whose clock makes lower ids: what it still has is heard again
                continue
            for _, messages in answer:
                for message_id, fields in messages:
                    self._raise(fields)
                    after = message_id

    async def close(self) -> None:
        await self._client.aclose()

    def _raise(self, fields: dict[bytes, bytes]) -> None:
        self.received += 1
        if b"all" in fields:
            self._floors.raise_all(self._now_ms())
        elif b"asset" in fields:
            self._floors.raise_one(fields[b"asset"].decode(), self._now_ms())


def _announce(client: redis.Redis, messages: list[dict[str, str]]) -> None:
    seconds, _ = cast("tuple[int, int]", client.time())
    pipeline = client.pipeline(transaction=False)
    for message in messages:
        fields: dict[Any, Any] = dict(message)
        pipeline.xadd(STREAM, fields, minid=str(seconds * 1000 - _KEPT_MS))
    pipeline.execute()


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
