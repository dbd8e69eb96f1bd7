from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from jobs.enrichment.lookup import AssetLookup, LookupPolicy, LookupUnavailable
from schemas.cdn_logs_pb2 import AssetSettings

POLICY = LookupPolicy(wait_s=5, retry_s=0.01, other_reader_s=0.2, other_reader_poll_s=0.01)


class Fleet:
    """Redis as a dictionary; `locked` are assets that another process is reading."""

    def __init__(self) -> None:
        self.stored: dict[str, AssetSettings] = {}
        self.locked: set[str] = set()

    async def get(self, asset_ids: Sequence[str]) -> dict[str, AssetSettings]:
        return {asset_id: self.stored[asset_id] for asset_id in asset_ids if asset_id in self.stored}

    async def put(self, settings: Sequence[AssetSettings]) -> None:
        self.stored |= {entry.asset_id: entry for entry in settings}

    async def lock(self, asset_ids: Sequence[str]) -> set[str]:
        return set(asset_ids) - self.locked


class Database:
    """Answers with what it is asked for; fails the first `failures` times; waits for `gate`."""

    def __init__(self, failures: int = 0) -> None:
        self.asked: list[list[str]] = []
        self.failures = failures
        self.gate = threading.Event()
        self.gate.set()

    def read(self, asset_ids: list[str], now_ms: int) -> dict[str, AssetSettings]:
        self.asked.append(asset_ids)
        self.gate.wait(5)
        if len(self.asked) <= self.failures:
            raise psycopg2.OperationalError("away")
        return {asset_id: AssetSettings(asset_id=asset_id, read_at_ms=now_ms) for asset_id in asset_ids}


def lookup(fleet: Fleet, database: Database, policy: LookupPolicy = POLICY) -> AssetLookup:
    return AssetLookup(fleet, database, ThreadPoolExecutor(2), policy, lambda: 1000)  # type: ignore[arg-type]  # a fake


async def test_what_redis_lacks_is_read_in_one_query_and_stored() -> None:
    fleet, database = Fleet(), Database()
    fleet.stored["a1"] = AssetSettings(asset_id="a1", read_at_ms=500)
    found = await lookup(fleet, database).fetch({"a1", "a2", "a3"})
    assert {key: entry.read_at_ms for key, entry in found.items()} == {"a1": 500, "a2": 1000, "a3": 1000}
    assert database.asked == [["a2", "a3"]]
    assert set(fleet.stored) == {"a1", "a2", "a3"}


async def test_an_entry_older_than_asked_for_is_read_again() -> None:
    fleet, database = Fleet(), Database()
    fleet.stored["a1"] = AssetSettings(asset_id="a1", read_at_ms=500)
    assert (await lookup(fleet, database).fetch({"a1"}, not_before_ms=501))["a1"].read_at_ms == 1000


async def test_all_who_want_an_asset_at_once_share_one_query() -> None:
    database = Database()
    database.gate.clear()
    subject = lookup(Fleet(), database)
    wanted = [asyncio.create_task(subject.fetch({"viral"})) for _ in range(100)]
    await asyncio.sleep(0)
    database.gate.set()
    assert all(found["viral"].asset_id == "viral" for found in await asyncio.gather(*wanted))
    assert database.asked == [["viral"]]
    assert subject.counts.queries == 1


async def test_a_failing_database_is_asked_until_it_answers() -> None:
    database = Database(failures=3)
    subject = lookup(Fleet(), database)
    assert (await subject.fetch({"a1"}))["a1"].asset_id == "a1"
    assert subject.counts.failed_queries == 3


async def test_a_database_that_stays_away_ends_the_wait() -> None:
    policy = LookupPolicy(wait_s=0.1, retry_s=0.01)
    with pytest.raises(LookupUnavailable, match=r"no answer from the asset database for 1 assets within 0 s"):
        await lookup(Fleet(), Database(failures=10_000), policy).fetch({"a1"})


async def test_after_a_failed_wait_the_next_one_starts_anew() -> None:
    database = Database(failures=10_000)
    subject = lookup(Fleet(), database, LookupPolicy(wait_s=0.1, retry_s=0.01))
    with pytest.raises(LookupUnavailable):
        await subject.fetch({"a1"})
    database.failures = 0
    assert (await subject.fetch({"a1"}))["a1"].asset_id == "a1"


async def test_an_asset_that_another_process_reads_is_taken_from_redis() -> None:
    fleet, database = Fleet(), Database()
    fleet.locked = {"a1"}
    task = asyncio.create_task(lookup(fleet, database).fetch({"a1"}))
    await asyncio.sleep(0)
    fleet.stored["a1"] = AssetSettings(asset_id="a1", read_at_ms=7)
    assert (await task)["a1"].read_at_ms == 7
    assert database.asked == []


async def test_an_asset_that_another_process_never_delivers_is_read_after_its_lock() -> None:
    fleet, database = Fleet(), Database()
    fleet.locked = {"a1"}
    assert (await lookup(fleet, database).fetch({"a1", "a2"}))["a1"].read_at_ms == 1000
    assert database.asked == [["a2"], ["a1"]]
