"""The way to an asset's settings: Redis, then the asset database, one flight an asset.

A viral video makes thousands of records a second ask for one asset at once. In a process, all who want an asset
wait for one flight; in the fleet, a short Redis lock makes one process ask; and the executor's size caps the
queries that run at once, whatever happens to Redis.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import psycopg2

from jobs.enrichment.fleet_cache import FleetCache
from schemas.cdn_logs_pb2 import AssetSettings

_log = logging.getLogger(__name__)


class LookupUnavailable(RuntimeError):
    """The asset database did not answer within the wait: the job restarts, and tries again from its checkpoint."""


class Database(Protocol):
    """What a look-up needs of the asset database."""

    def read(self, asset_ids: list[str], now_ms: int) -> dict[str, AssetSettings]: ...


@dataclass(frozen=True, kw_only=True)
class LookupPolicy:
    """Seconds: how long to wait in all, between tries at the database, and for another process's reading."""

    wait_s: float = 60.0
    retry_s: float = 0.5
    other_reader_s: float = 2.0
    other_reader_poll_s: float = 0.05


@dataclass
class LookupCounts:
    """What the job exports: database queries and the assets they asked for, Redis hits, failed queries."""

    queries: int = 0
    queried_assets: int = 0
    redis_hits: int = 0
    failed_queries: int = 0


class AssetLookup:
    """Looks assets up. Lives on one event loop."""

    def __init__(
        self,
        fleet: FleetCache,
        database: Database,
        executor: Executor,
        policy: LookupPolicy,
        now_ms: Callable[[], int],
    ) -> None:
        self._fleet = fleet
        self._database = database
        self._executor = executor
        self._policy = policy
        self._now_ms = now_ms
        self._flights: dict[str, asyncio.Future[AssetSettings]] = {}
        self.counts = LookupCounts()

    async def fetch(self, asset_ids: Collection[str], not_before_ms: int = 0) -> dict[str, AssetSettings]:
        """Settings of every asset, read at `not_before_ms` or later. Raises LookupUnavailable after the wait."""
        try:
            async with asyncio.timeout(self._policy.wait_s):
                return await self._fetch(asset_ids, not_before_ms)
        except TimeoutError as error:
            raise LookupUnavailable(
                f"no answer from the asset database for {len(asset_ids)} assets within {self._policy.wait_s:.0f} s"
            ) from error

    async def _fetch(self, asset_ids: Collection[str], not_before_ms: int) -> dict[str, AssetSettings]:
        found = _recent(await self._fleet.get(sorted(asset_ids)), not_before_ms)
        self.counts.redis_hits += len(found)
        missing = sorted(set(asset_ids) - found.keys())
        mine = [asset_id for asset_id in missing if asset_id not in self._flights]
        flights = {asset_id: self._flight(asset_id) for asset_id in missing}
        if mine:
            await self._land(mine, not_before_ms)
        for asset_id, flight in flights.items():
            found[asset_id] = await asyncio.shield(flight)
        return found

    def _flight(self, asset_id: str) -> asyncio.Future[AssetSettings]:
        if asset_id not in self._flights:
            self._flights[asset_id] = asyncio.get_running_loop().create_future()
        return self._flights[asset_id]

    async def _land(self, asset_ids: list[str], not_before_ms: int) -> None:
        """Finish the flights of these assets, whatever happens: who waits for them must not wait for ever."""
        try:
            found = await self._read_through(asset_ids, not_before_ms)
        except BaseException as error:
            for asset_id in asset_ids:
                flight = self._flights.pop(asset_id)
                flight.set_exception(LookupUnavailable(f"look-up ended by {type(error).__name__}"))
                flight.exception()  # marks it as seen: there may be no one else waiting
            raise
        for asset_id in asset_ids:
            self._flights.pop(asset_id).set_result(found[asset_id])

    async def _read_through(self, asset_ids: list[str], not_before_ms: int) -> dict[str, AssetSettings]:
        locked = await self._fleet.lock(asset_ids)
        elsewhere = [asset_id for asset_id in asset_ids if asset_id not in locked]
        found = await self._read(sorted(locked)) if locked else {}
        found |= await self._await_other_reader(elsewhere, not_before_ms)
        left = [asset_id for asset_id in elsewhere if asset_id not in found]
        return found | await self._read(left) if left else found

    async def _await_other_reader(self, asset_ids: list[str], not_before_ms: int) -> dict[str, AssetSettings]:
        """What another process of the fleet reads meanwhile; the rest after the wait is ours to read."""
        found: dict[str, AssetSettings] = {}
        deadline = asyncio.get_running_loop().time() + self._policy.other_reader_s
        while len(found) < len(asset_ids) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(self._policy.other_reader_poll_s)
            found |= _recent(await self._fleet.get([key for key in asset_ids if key not in found]), not_before_ms)
        return found

    async def _read(self, asset_ids: list[str]) -> dict[str, AssetSettings]:
        while True:
            try:
                found = await self._query(asset_ids)
            except psycopg2.Error as error:
                self.counts.failed_queries += 1
                _log.warning("asset database: %s; trying again", type(error).__name__)
                await asyncio.sleep(self._policy.retry_s)
                continue
            await self._fleet.put(found.values())
            return found

    async def _query(self, asset_ids: list[str]) -> dict[str, AssetSettings]:
        self.counts.queries += 1
        self.counts.queried_assets += len(asset_ids)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._database.read, asset_ids, self._now_ms())


def _recent(found: dict[str, AssetSettings], not_before_ms: int) -> dict[str, AssetSettings]:
    return {asset_id: settings for asset_id, settings in found.items() if settings.read_at_ms >= not_before_ms}
