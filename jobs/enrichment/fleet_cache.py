"""The fleet's cache in Redis: what one TaskManager has read, no other reads again.

Redis is an optimisation and never a condition: down, slow, read-only or full, it only makes more database
queries, and those are capped elsewhere. Its errors are therefore counted, not raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import redis.asyncio
from google.protobuf.message import DecodeError
from redis.exceptions import RedisError, ResponseError

from schemas.cdn_logs_pb2 import AssetSettings

T = TypeVar("T")
_log = logging.getLogger(__name__)

#: Keys of the assets, for whoever deletes them.
KEY_PREFIX = "asset:v2:"


@dataclass(frozen=True, kw_only=True)
class FleetCachePolicy:
    """Seconds."""

    #: An operation on Redis may take so long.
    timeout_s: float = 0.5
    #: After one that got no answer, Redis is left alone for so long: a Redis that hangs costs a batch one timeout in
    #: that time, not several timeouts every batch.
    pause_s: float = 5.0
    #: Old entries are kept for the database's outage; whether an entry is young enough is the reader's business.
    keep_s: int = 24 * 3600
    negative_ttl_s: int = 15
    #: A reader holds an asset's lock for so long at most: longer than a query may take, or a database that is slow
    #: from load would get every query again.
    lock_s: float = 15.0


@dataclass(frozen=True)
class Claim:
    """The assets that this process is to read, and what others have brought into Redis meanwhile."""

    granted: set[str]
    found: dict[str, AssetSettings]


class FleetCache:
    """Asset settings in Redis, and a short lock an asset, so that one of the fleet asks the database."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        policy: FleetCachePolicy,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._policy = policy
        self._monotonic_s = monotonic_s
        self._paused_until_s = 0.0
        self._silent_until_s = 0.0
        #: Operations that failed, those left out during a pause not counted; the job exports it.
        self.errors = 0

    async def get(self, asset_ids: Sequence[str]) -> dict[str, AssetSettings]:
        """What Redis knows, in one MGET; nothing where Redis fails."""
        return _decoded(await self._attempt(lambda: self._client.mget(_keys(asset_ids)), []))

    async def claim(self, asset_ids: Sequence[str]) -> Claim:
        """Take the locks that are free, and look again, in one round trip.

        The look comes after the locks: what another process stored before it let go of a lock is found. Where a lock
        cannot be written, for whatever reason, it counts as taken: rather two read an asset than none.
        """
        pipeline = self._client.pipeline(transaction=False)
        for asset_id in asset_ids:
            pipeline.set(_lock_key(asset_id), b"1", nx=True, px=int(self._policy.lock_s * 1000))
        pipeline.mget(_keys(asset_ids))
        results: list[Any] = await self._attempt(lambda: pipeline.execute(raise_on_error=False), [])
        if not results:
            return Claim(set(asset_ids), {})
        *locks, values = self._noted(results)
        granted = {asset_id for asset_id, lock in zip(asset_ids, locks, strict=True) if lock}
        return Claim(granted, {} if isinstance(values, Exception) else _decoded(values))

    async def put(self, settings: Iterable[AssetSettings]) -> None:
        """Store assets and release their locks, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for entry in settings:
            kept_s = self._policy.negative_ttl_s if entry.absent else self._policy.keep_s
            pipeline.set(_key(entry.asset_id), entry.SerializeToString(), ex=kept_s)
            pipeline.delete(_lock_key(entry.asset_id))
        self._noted(await self._attempt(lambda: pipeline.execute(raise_on_error=False), []))

    async def release(self, asset_ids: Iterable[str]) -> None:
        """Let go of locks whose assets need no reading any more."""
        await self._attempt(lambda: self._client.delete(*map(_lock_key, asset_ids)), 0)

    async def close(self) -> None:
        await self._client.aclose()

    def failed(self, error: Exception) -> None:
        """Count a failure; no answer at all, other than a refusal, begins a pause."""
        self.errors += 1
        now_s = self._monotonic_s()
        if not isinstance(error, ResponseError):
            self._paused_until_s = now_s + self._policy.pause_s
        if now_s >= self._silent_until_s:
            self._silent_until_s = now_s + self._policy.pause_s
            _log.warning("Redis: %s; going on without it", type(error).__name__)

    async def _attempt(self, operation: Callable[[], Awaitable[T]], fallback: T) -> T:
        if self._monotonic_s() < self._paused_until_s:
            return fallback
        try:
            return await operation()
        except (RedisError, OSError) as error:
            self.failed(error)
            return fallback

    def _noted(self, results: list[Any]) -> list[Any]:
        """Results of a pipeline; refused commands are counted once."""
        refused = next((result for result in results if isinstance(result, Exception)), None)
        if refused is not None:
            self.failed(refused)
        return results


def connect(url: str, password: str | None, policy: FleetCachePolicy) -> FleetCache:
    """A cache whose client fails fast instead of waiting for a Redis that is away."""
    return FleetCache(client(url, password, policy.timeout_s), policy)


def client(url: str, password: str | None, timeout_s: float) -> redis.asyncio.Redis:
    """A client whose every operation, connecting included, has an answer or fails within the time."""
    made = redis.asyncio.Redis.from_url(
        url,
        password=password,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry_on_timeout=False,
    )
    return cast("redis.asyncio.Redis", made)


def _key(asset_id: str) -> str:
    return f"{KEY_PREFIX}{asset_id}"


def _keys(asset_ids: Sequence[str]) -> list[str]:
    return [_key(asset_id) for asset_id in asset_ids]


def _lock_key(asset_id: str) -> str:
    return f"asset-lock:v2:{asset_id}"


def _decoded(values: Iterable[bytes | None]) -> dict[str, AssetSettings]:
    found = (_decode(value) for value in values if value is not None)
    return {settings.asset_id: settings for settings in found if settings is not None}


def _decode(value: bytes) -> AssetSettings | None:
    """Settings from Redis; what cannot be decoded is a miss, and will be overwritten."""
    try:
        return AssetSettings.FromString(value)
    except DecodeError:
        return None
