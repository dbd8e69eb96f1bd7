"""The way to an asset's settings: Redis, then the asset database, one flight an asset.

A viral video makes thousands of records a second ask for one asset at once. In a process, all who want an asset
wait for one flight; in the fleet, a short Redis lock makes one process ask; and the executor's size caps the
queries that run at once, whatever happens to Redis.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol

import psycopg2

from jobs.enrichment.fleet_cache import FleetCache
from jobs.enrichment.floors import Floors
from jobs.enrichment.waiting import WaitClock
from schemas.cdn_logs_pb2 import AssetSettings

_log = logging.getLogger(__name__)

Settings = dict[str, AssetSettings]


class LookupUnavailable(RuntimeError):
    """The asset database did not answer within the wait: the job restarts, and tries again from its checkpoint."""


class Database(Protocol):
    """What a look-up needs of the asset database."""

    def read(self, asset_ids: list[str], now_ms: int) -> Settings: ...


@dataclass(frozen=True, kw_only=True)
class LookupPolicy:
    """Seconds."""

    #: How long to wait for the database in all.
    wait_s: float = 60.0
    #: How long to wait where an older answer is at hand; after that the database counts as away.
    patience_s: float = 2.0
    #: Between tries at a database that is away.
    retry_s: float = 0.5
    #: Between looks at what another process is reading: the first, and the longest.
    poll_s: float = 0.02
    poll_at_most_s: float = 0.5
    #: How old an answer may be that is used while the database does not answer.
    spare_s: float = 24 * 3600.0
    #: An answer whose stamp is further ahead of the own clock comes from a wrong clock, and is not believed.
    clocks_differ_s: float = 10.0


@dataclass
class LookupCounts:
    """What the job exports: database queries and the assets they asked for, Redis hits, failures, waits."""

    queries: int = 0
    queried_assets: int = 0
    redis_hits: int = 0
    failed_queries: int = 0
    redis_wait: WaitClock = field(default_factory=WaitClock)
    database_wait: WaitClock = field(default_factory=WaitClock)


class AssetLookup:
    """Looks assets up. Lives on one event loop; `away` may be read from any thread."""

    def __init__(
        self,
        fleet: FleetCache,
        database: Database,
        executor: Executor,
        policy: LookupPolicy,
        now_ms: Callable[[], int],
        floors: Floors,
    ) -> None:
        self._fleet = fleet
        self._database = database
        self._executor = executor
        self._policy = policy
        self._now_ms = now_ms
        self._floors = floors
        self._flights: dict[str, asyncio.Task[Settings]] = {}
        self._probe = asyncio.Lock()
        self.counts = LookupCounts()
        #: The database failed or kept somebody waiting too long, and has not answered since.
        self.away = False

    async def fetch(self, asset_ids: Collection[str], not_before_ms: int = 0) -> Settings:
        """Settings of every asset, read at `not_before_ms` or later. Raises LookupUnavailable after the wait."""
        found = self._recent(await self._in_redis(asset_ids), not_before_ms)
        self.counts.redis_hits += len(found)
        return found | await self._read(set(asset_ids) - found.keys(), not_before_ms)

    async def fetch_or_older(self, asset_ids: Collection[str], not_before_ms: int, spares: Set[str]) -> Settings:
        """Like `fetch`, but while the database does not answer an older answer of Redis will do.

        `spares` are assets of which the caller has an older answer itself: they may be missing from the result.
        """
        cached = await self._in_redis(asset_ids)
        found = self._recent(cached, not_before_ms)
        self.counts.redis_hits += len(found)
        missing = set(asset_ids) - found.keys()
        older = self._usable(cached)
        if not missing <= older.keys() | spares:
            return found | await self._read(missing, not_before_ms)
        return older | found | await self._read_patiently(missing, not_before_ms)

    async def _in_redis(self, asset_ids: Collection[str]) -> Settings:
        with self.counts.redis_wait:
            return await self._fleet.get(sorted(asset_ids))

    async def _read_patiently(self, asset_ids: set[str], not_before_ms: int) -> Settings:
        """What is read soon. The reading goes on without us, and notices when the database is back."""
        if self.away:
            return {}
        reading = asyncio.create_task(self._read(asset_ids, not_before_ms))
        reading.add_done_callback(lambda task: task.cancelled() or task.exception())  # perhaps nobody asks any more
        await asyncio.wait({reading}, timeout=self._policy.patience_s)
        if reading.done() and not isinstance(reading.exception(), LookupUnavailable):
            return reading.result()
        self.away = True
        return {}

    async def _read(self, asset_ids: set[str], not_before_ms: int) -> Settings:
        found: Settings = {}
        try:
            async with asyncio.timeout(self._policy.wait_s):
                while missing := asset_ids - found.keys():
                    found |= await self._board(missing, not_before_ms)
        except TimeoutError as error:
            raise LookupUnavailable(
                f"no answer from the asset database for {len(asset_ids)} assets within {self._policy.wait_s:.0f} s"
            ) from error
        return found

    async def _board(self, asset_ids: set[str], not_before_ms: int) -> Settings:
        """One flight an asset: what has one under way joins it, the rest take off together.

        An asset whose flight began too early, or ended without an answer, is missing from the result.
        """
        own = asset_ids - self._flights.keys()
        if own:
            flight = asyncio.create_task(self._fly(sorted(own), not_before_ms))
            self._flights |= dict.fromkeys(own, flight)
        boarded = {asset_id: self._flights[asset_id] for asset_id in asset_ids}
        await asyncio.wait(set(boarded.values()))
        landed = ((asset_id, flight.result().get(asset_id)) for asset_id, flight in boarded.items())
        return {
            asset_id: entry
            for asset_id, entry in landed
            if entry is not None and (asset_id in own or self._is_recent(entry, not_before_ms))
        }

    async def _fly(self, asset_ids: list[str], not_before_ms: int) -> Settings:
        """Read assets, whoever waits for them; nothing where the database does not answer within the wait."""
        try:
            async with asyncio.timeout(self._policy.wait_s):
                return await self._read_once_in_fleet(asset_ids, not_before_ms)
        except TimeoutError:
            return {}
        finally:
            for asset_id in asset_ids:
                del self._flights[asset_id]

    async def _read_once_in_fleet(self, asset_ids: list[str], not_before_ms: int) -> Settings:
        """Read what nobody else is reading, and wait for the rest: until it is in Redis, or its lock is free."""
        found: Settings = {}
        poll_s = self._policy.poll_s
        while True:
            left = [asset_id for asset_id in asset_ids if asset_id not in found]
            with self.counts.redis_wait:
                claim = await self._fleet.claim(left)
            come = self._recent(claim.found, not_before_ms)
            if come.keys() & claim.granted:
                await self._fleet.release(come.keys() & claim.granted)
            found |= come
            if mine := sorted(claim.granted - come.keys()):
                found |= await self._read_locked(mine)
            if len(found) == len(asset_ids):
                return found
            with self.counts.database_wait:  # another process is waiting for it
                await asyncio.sleep(poll_s)
            poll_s = min(2 * poll_s, self._policy.poll_at_most_s)

    async def _read_locked(self, asset_ids: list[str]) -> Settings:
        """Read and share what this process holds the locks of; without an answer, let go of them."""
        try:
            found = await self._ask_database(asset_ids)
        except BaseException:
            await self._fleet.release(asset_ids)
            raise
        await self._fleet.put(found.values())
        return found

    async def _ask_database(self, asset_ids: list[str]) -> Settings:
        """Ask until there is an answer. While the database is away, one asks for all: its return is no stampede."""
        with self.counts.database_wait:
            found = None if self.away else await self._query(asset_ids)
            while found is None:
                async with self._probe:
                    if self.away:
                        await asyncio.sleep(self._policy.retry_s)
                    found = await self._query(asset_ids)
        return found

    async def _query(self, asset_ids: list[str]) -> Settings | None:
        """One query; None where it failed."""
        self.counts.queries += 1
        self.counts.queried_assets += len(asset_ids)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._executor, self._database.read, asset_ids, self._now_ms())
        except psycopg2.Error as error:
            self.counts.failed_queries += 1
            self.away = True
            _log.warning("asset database: %s; trying again", type(error).__name__)
            return None
        self.away = False
        return found

    def _recent(self, found: Settings, not_before_ms: int) -> Settings:
        return {key: entry for key, entry in found.items() if self._is_recent(entry, not_before_ms)}

    def _usable(self, cached: Settings) -> Settings:
        """What Redis has of known assets and may be used while the database does not answer."""
        oldest_ms = self._now_ms() - int(self._policy.spare_s * 1000)
        return {key: entry for key, entry in self._recent(cached, oldest_ms).items() if not entry.absent}

    def _is_recent(self, entry: AssetSettings, not_before_ms: int) -> bool:
        oldest_ms = max(not_before_ms, self._floors.of(entry.asset_id))
        return oldest_ms <= entry.read_at_ms <= self._now_ms() + self._policy.clocks_differ_s * 1000
