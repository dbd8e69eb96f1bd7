"""The fleet's cache in Redis: what one TaskManager has read, no other reads again.

Redis is an optimisation and never a condition: down, slow, read-only or full, it only makes more database
queries, and those are capped elsewhere. Its errors are therefore counted, not raised.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import redis.asyncio
from google.protobuf.message import DecodeError
from redis.exceptions import RedisError

from schemas.cdn_logs_pb2 import AssetSettings

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FleetCachePolicy:
    """Seconds. An operation on Redis may take `timeout_s`; a reader holds an asset's lock for `lock_s` at most."""

    timeout_s: float = 0.5
    ttl_s: int = 900
    negative_ttl_s: int = 15
    lock_s: float = 2.0


class FleetCache:
    """Asset settings in Redis, and a short lock an asset, so that one of the fleet asks the database."""

    def __init__(self, client: redis.asyncio.Redis, policy: FleetCachePolicy) -> None:
        self._client = client
        self._policy = policy
        #: Operations that failed; the job exports it.
        self.errors = 0

    async def get(self, asset_ids: Sequence[str]) -> dict[str, AssetSettings]:
        """What Redis knows, in one MGET; nothing where Redis fails."""
        keys = [_key(asset_id) for asset_id in asset_ids]
        values: list[bytes | None] = await self._attempt(lambda: self._client.mget(keys), [])
        found = (_decode(value) for value in values if value is not None)
        return {settings.asset_id: settings for settings in found if settings is not None}

    async def put(self, settings: Iterable[AssetSettings]) -> None:
        """Store assets and release their locks, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for entry in settings:
            ttl = self._policy.negative_ttl_s if entry.absent else self._policy.ttl_s
            pipeline.set(_key(entry.asset_id), entry.SerializeToString(), ex=ttl)
            pipeline.delete(_lock_key(entry.asset_id))
        await self._attempt(pipeline.execute, [])

    async def lock(self, asset_ids: Sequence[str]) -> set[str]:
        """The assets that this process is to read: the others are being read elsewhere. All, where Redis fails."""
        pipeline = self._client.pipeline(transaction=False)
        for asset_id in asset_ids:
            pipeline.set(_lock_key(asset_id), b"1", nx=True, px=int(self._policy.lock_s * 1000))
        granted = await self._attempt(pipeline.execute, [True] * len(asset_ids))
        return {asset_id for asset_id, mine in zip(asset_ids, granted, strict=True) if mine}

    async def close(self) -> None:
        await self._client.aclose()

    async def _attempt(self, operation: Callable[[], Awaitable[T]], fallback: T) -> T:
        try:
            return await operation()
        except (RedisError, OSError, TimeoutError) as error:
            self.errors += 1
            _log.warning("Redis did not answer (%s): going on without it", type(error).__name__)
            return fallback


def connect(url: str, password: str | None, policy: FleetCachePolicy) -> FleetCache:
    """A client that fails fast instead of waiting for a Redis that is away."""
    client = redis.asyncio.Redis.from_url(
        url,
        password=password,
        socket_timeout=policy.timeout_s,
        socket_connect_timeout=policy.timeout_s,
        retry_on_timeout=False,
    )
    return FleetCache(cast("redis.asyncio.Redis", client), policy)


def _key(asset_id: str) -> str:
    return f"asset:v1:{asset_id}"


def _lock_key(asset_id: str) -> str:
    return f"asset-lock:v1:{asset_id}"


def _decode(value: bytes) -> AssetSettings | None:
    """Settings from Redis; what cannot be decoded is a miss, and will be overwritten."""
    try:
        return AssetSettings.FromString(value)
    except DecodeError:
        return None
