from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from jobs.enrichment.fleet_cache import Claim
from jobs.enrichment.floors import Floors
from jobs.enrichment.lookup import AssetLookup, LookupPolicy, LookupUnavailable
from schemas.cdn_logs_pb2 import AssetSettings

NOW = 100_000
POLICY = LookupPolicy(
    wait_s=5, patience_s=0.1, retry_s=0.01, poll_s=0.01, poll_at_most_s=0.02, spare_s=50, clocks_differ_s=1
)
NONE: frozenset[str] = frozenset()


class Fleet:
    """Redis as a dictionary; `locked` are assets that another process is reading."""

    def __init__(self) -> None:
        self.stored: dict[str, AssetSettings] = {}
        self.locked: set[str] = set()
        self.released: set[str] = set()

    def store(self, asset_id: str, read_at_ms: int, absent: bool = False) -> None:
        self.stored[asset_id] = AssetSettings(asset_id=asset_id, read_at_ms=read_at_ms, absent=absent)

    async def get(self, asset_ids: Sequence[str]) -> dict[str, AssetSettings]:
        return {asset_id: self.stored[asset_id] for asset_id in asset_ids if asset_id in self.stored}

    async def claim(self, asset_ids: Sequence[str]) -> Claim:
        return Claim(set(asset_ids) - self.locked, await self.get(asset_ids))

    async def put(self, settings: Iterable[AssetSettings]) -> None:
        self.stored |= {entry.asset_id: entry for entry in settings}

    async def release(self, asset_ids: Iterable[str]) -> None:
        self.released |= set(asset_ids)


class Database:
    """Answers with what it is asked for while `up`; waits for `gate`."""

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


def lookup(
    fleet: Fleet, database: Database, policy: LookupPolicy = POLICY, floors: Floors | None = None
) -> AssetLookup:
    executor = ThreadPoolExecutor(2)
    return AssetLookup(fleet, database, executor, policy, lambda: NOW, floors or Floors())  # type: ignore[arg-type]  # a fake


def stamps(found: dict[str, AssetSettings]) -> dict[str, int]:
    return {asset_id: entry.read_at_ms for asset_id, entry in found.items()}


async def test_what_redis_lacks_is_read_in_one_query_and_stored() -> None:
    fleet, database = Fleet(), Database()
    fleet.store("a1", 500)
    subject = lookup(fleet, database)
    assert stamps(await subject.fetch({"a1", "a2", "a3"})) == {"a1": 500, "a2": NOW, "a3": NOW}
    assert database.asked == [["a2", "a3"]]
    assert set(fleet.stored) == {"a1", "a2", "a3"}
    assert (subject.counts.redis_hits, subject.counts.queries, subject.counts.queried_assets) == (1, 1, 2)


@pytest.mark.parametrize(
    ("stored_ms", "not_before_ms", "floor_ms", "expected_ms"),
    [
        pytest.param(500, 500, 0, 500, id="as young as asked for"),
        pytest.param(500, 501, 0, NOW, id="older than asked for"),
        pytest.param(500, 0, 501, NOW, id="read before its floor"),
        pytest.param(NOW + 1000, 0, 0, NOW + 1000, id="from a clock that is a little ahead"),
        pytest.param(NOW + 1001, 0, 0, NOW, id="from a clock that is wrong"),
    ],
)
async def test_what_redis_has_must_be_believable(
    stored_ms: int, not_before_ms: int, floor_ms: int, expected_ms: int
) -> None:
    fleet = Fleet()
    fleet.store("a1", stored_ms)
    subject = lookup(fleet, Database(), floors=Floors(floor_ms))
    assert stamps(await subject.fetch({"a1"}, not_before_ms)) == {"a1": expected_ms}


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


async def test_who_needs_a_younger_answer_than_the_flight_under_way_brings_reads_again() -> None:
    database = Database()
    database.gate.clear()
    subject = lookup(Fleet(), database)
    earlier = asyncio.create_task(subject.fetch({"live"}))
    await asyncio.sleep(0.05)
    later = asyncio.create_task(subject.fetch({"live"}, not_before_ms=NOW + 1))
    await asyncio.sleep(0.05)
    assert database.asked == [["live"]]
    database.gate.set()
    await asyncio.gather(earlier, later)
    assert database.asked == [["live"], ["live"]]


async def test_the_own_reading_is_good_enough_whatever_the_clocks_say() -> None:
    assert stamps(await lookup(Fleet(), Database()).fetch({"a1"}, not_before_ms=NOW + 5000)) == {"a1": NOW}


async def test_a_failing_database_is_asked_until_it_answers() -> None:
    database = Database(failures=3)
    subject = lookup(Fleet(), database)
    assert (await subject.fetch({"a1"}))["a1"].asset_id == "a1"
    assert subject.counts.failed_queries == 3
    assert not subject.away


async def test_a_failing_database_is_asked_by_one_for_all() -> None:
    database = Database(failures=10_000)
    subject = lookup(Fleet(), database, LookupPolicy(wait_s=0.5, retry_s=0.1))
    wanted = [subject.fetch({f"a{number}"}) for number in range(50)]
    assert {type(error) for error in await asyncio.gather(*wanted, return_exceptions=True)} == {LookupUnavailable}
    assert len(database.asked) < 50 + 10


async def test_no_more_queries_run_at_once_than_the_executor_has_threads() -> None:
    class Counting(Database):
        lock = threading.Lock()
        running = most_running = 0

        def read(self, asset_ids: list[str], now_ms: int) -> dict[str, AssetSettings]:
            with self.lock:
                self.running += 1
                self.most_running = max(self.running, self.most_running)
            time.sleep(0.01)
            with self.lock:
                self.running -= 1
            return super().read(asset_ids, now_ms)

    database = Counting()
    subject = lookup(Fleet(), database)
    await asyncio.gather(*(subject.fetch({f"a{number}"}) for number in range(20)))
    assert (len(database.asked), database.most_running) == (20, 2)


async def test_a_database_that_stays_away_ends_the_wait() -> None:
    policy = LookupPolicy(wait_s=0.1, retry_s=0.01)
    with pytest.raises(LookupUnavailable, match=r"no answer from the asset database for 1 assets within 0 s"):
        await lookup(Fleet(), Database(failures=10_000), policy).fetch({"a1"})


async def test_after_a_failed_wait_the_next_one_starts_anew() -> None:
    database = Database(failures=10_000)
    subject = lookup(Fleet(), database, LookupPolicy(wait_s=1.0, retry_s=0.01))
    with pytest.raises(LookupUnavailable):
        await subject.fetch({"a1"})
    database.failures = 0
    assert (await subject.fetch({"a1"}))["a1"].asset_id == "a1"


async def test_an_error_that_is_no_outage_reaches_everybody_who_waits() -> None:
    class Broken(Database):
        def read(self, asset_ids: list[str], now_ms: int) -> dict[str, AssetSettings]:
            self.gate.wait(5)
            raise KeyError("a media type that nobody knows")

    database = Broken()
    database.gate.clear()
    subject = lookup(Fleet(), database)
    wanted = [asyncio.create_task(subject.fetch({"a1"})) for _ in range(2)]
    await asyncio.sleep(0.05)
    database.gate.set()
    assert [type(error) for error in await asyncio.gather(*wanted, return_exceptions=True)] == [KeyError, KeyError]


async def test_an_asset_that_another_process_reads_is_taken_from_redis() -> None:
    fleet, database = Fleet(), Database()
    fleet.locked = {"a1"}
    task = asyncio.create_task(lookup(fleet, database).fetch({"a1"}))
    await asyncio.sleep(0.05)
    fleet.store("a1", 7)
    assert stamps(await task) == {"a1": 7}
    assert database.asked == []


async def test_what_came_into_redis_before_the_lock_is_not_read_again() -> None:
    class Late(Fleet):
        async def claim(self, asset_ids: Sequence[str]) -> Claim:
            self.store("a1", 7)
            return await super().claim(asset_ids)

    fleet, database = Late(), Database()
    assert stamps(await lookup(fleet, database).fetch({"a1", "a2"})) == {"a1": 7, "a2": NOW}
    assert database.asked == [["a2"]]
    assert fleet.released == {"a1"}


async def test_an_asset_that_another_process_never_delivers_is_read_once_its_lock_is_free() -> None:
    fleet, database = Fleet(), Database()
    fleet.locked = {"a1"}
    task = asyncio.create_task(lookup(fleet, database).fetch({"a1", "a2"}))
    await asyncio.sleep(0.05)
    assert database.asked == [["a2"]]
    fleet.locked = set()
    assert stamps(await task) == {"a1": NOW, "a2": NOW}
    assert database.asked == [["a2"], ["a1"]]


async def test_while_the_database_hangs_an_older_answer_does_after_a_moment_then_at_once() -> None:
    fleet, database = Fleet(), Database()
    fleet.store("a1", NOW - 40_000)
    database.gate.clear()
    subject = lookup(fleet, database)
    assert stamps(await subject.fetch_or_older({"a1", "mine"}, NOW, {"mine"})) == {"a1": NOW - 40_000}
    assert subject.away
    async with asyncio.timeout(POLICY.patience_s / 2):
        assert stamps(await subject.fetch_or_older({"a1"}, NOW, NONE)) == {"a1": NOW - 40_000}
    assert len(database.asked) == 1
    database.gate.set()
    assert stamps(await subject.fetch({"a1", "mine"}, NOW)) == {"a1": NOW, "mine": NOW}
    assert not subject.away


async def test_while_the_database_answers_no_older_answer_is_used() -> None:
    fleet, database = Fleet(), Database()
    fleet.store("a1", NOW - 40_000)
    assert stamps(await lookup(fleet, database).fetch_or_older({"a1", "mine"}, NOW, {"mine"})) == {
        "a1": NOW,
        "mine": NOW,
    }


@pytest.mark.parametrize(
    ("age_ms", "absent", "floor_ms"),
    [
        pytest.param(50_001, False, 0, id="too old to be used at all"),
        pytest.param(40_000, True, 0, id="negative: the asset may be there by now"),
        pytest.param(40_000, False, NOW, id="read before its floor"),
    ],
)
async def test_what_is_no_older_answer_is_waited_for(age_ms: int, absent: bool, floor_ms: int) -> None:
    fleet = Fleet()
    fleet.store("a1", NOW - age_ms, absent=absent)
    policy = LookupPolicy(wait_s=0.1, patience_s=0.01, retry_s=0.01, spare_s=50)
    subject = lookup(fleet, Database(failures=10_000), policy, Floors(floor_ms))
    with pytest.raises(LookupUnavailable):
        await subject.fetch_or_older({"a1"}, NOW, NONE)


async def test_where_one_asset_must_be_waited_for_all_are() -> None:
    fleet, database = Fleet(), Database(failures=3)
    fleet.store("a1", NOW - 40_000)
    assert stamps(await lookup(fleet, database).fetch_or_older({"a1", "new"}, NOW, NONE)) == {"a1": NOW, "new": NOW}


async def test_the_totals_say_who_is_waited_for() -> None:
    database = Database()
    database.gate.clear()
    subject = lookup(Fleet(), database)
    wanted = asyncio.create_task(subject.fetch({"a1"}))
    await asyncio.sleep(0.1)
    assert subject.counts.database_wait.total_ms() >= 90
    assert subject.counts.redis_wait.total_ms() < 50
    database.gate.set()
    await wanted
