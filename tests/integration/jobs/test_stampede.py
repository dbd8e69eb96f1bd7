"""Redis flushed under load: tens of thousands of assets are cold at once, for several TaskManagers at once."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any, Final

import pytest
from redis import Redis

from local import redis
from local.settings import ROOT, Settings
from tests.integration.postgres_proxy import PostgresProxy, running_proxy
from tests.integration.stages import change_assets

pytestmark = pytest.mark.timeout(600)
log = logging.getLogger(__name__)

ASSETS: Final = 50_000
PROCESSES: Final = 4
#: Queries that one process may run at once.
CAP: Final = 2
#: What two processes may read twice because they asked within the same moment.
_NEARLY: Final = 1.02
_NAME: Final = re.compile(r"'(asset-\d+)'")


@pytest.fixture
def proxy(assets_dsn: str) -> Iterator[PostgresProxy]:
    """Before a database of many assets, each with a duration of its own."""
    change_assets(
        assets_dsn,
        f"""
        INSERT INTO environments VALUES ('env-1', 'One');
        INSERT INTO assets SELECT 'asset-' || number, 'env-1' FROM generate_series(0, {ASSETS - 1}) AS number;
        INSERT INTO renditions (asset_id, name, media_type, height, segment_ms)
        SELECT 'asset-' || number, '720p', 'video', 720, ARRAY[4000, 1000 + number]
        FROM generate_series(0, {ASSETS - 1}) AS number;
        ANALYZE;
        """,
    )
    with running_proxy(assets_dsn) as running:
        yield running


class Fleet:
    """Processes that each ask for every asset whenever they are told to, with little memory of their own."""

    def __init__(self, settings: dict[str, Any], exits: ExitStack) -> None:
        command = [sys.executable, "-m", "tests.integration.jobs.stage_process"]
        self._processes = [
            exits.enter_context(
                subprocess.Popen(
                    [*command, json.dumps({"settings": settings, "assets": ASSETS, "seed": seed})],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for seed in range(PROCESSES)
        ]

    def start_pass(self) -> None:
        for process in self._processes:
            pipe(process.stdin).write("pass\n")
            pipe(process.stdin).flush()

    def close(self) -> None:
        for process in self._processes:
            pipe(process.stdin).close()

    def answers(self) -> list[dict[str, Any]]:
        """The next answer of every process."""
        return [json.loads(pipe(process.stdout).readline()) for process in self._processes]


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def readings(queries: list[str]) -> Counter[str]:
    """How often each asset was asked for: once for every query that names it."""
    return Counter(name for query in queries for name in _NAME.findall(query))


def test_a_flushed_redis_costs_one_reading_an_asset_and_never_more_queries_than_the_cap(
    proxy: PostgresProxy, own_redis: Settings
) -> None:
    """Contract: concurrent database queries stay under the cap, and queries total near one an asset, while 50,000
    assets are cold for four processes at once: at first, and after a flush half-way through a pass."""
    settings = {
        "kafka_bootstrap_servers": "not-asked",
        "redis_url": redis.url(own_redis),
        "assets_dsn": proxy.dsn,
        "database_queries": CAP,
        "asset_cache_ttl_s": 3600.0,  # no refresh of its own accord
        "asset_cache_entries": 500,  # so that Redis is under load
        "fuse_ratio": 1.0,
    }
    with ExitStack() as exits:
        fleet = Fleet(settings, exits)
        began_s = time.monotonic()
        fleet.start_pass()
        fleet.answers()
        ended = fleet.answers()
        queries_cold = len(proxy.counts.queries)
        seconds_cold = time.monotonic() - began_s

        fleet.start_pass()
        fleet.answers()
        Redis.from_url(redis.url(own_redis)).flushall(asynchronous=True)  # freeing all at once would be another fault
        ended += fleet.answers()
        fleet.close()

    cold, flushed = readings(proxy.counts.queries[:queries_cold]), readings(proxy.counts.queries[queries_cold:])
    log.info("cold: %d assets, %d readings, %d queries", len(cold), cold.total(), queries_cold)
    log.info(
        "flushed: %d assets, %d readings, %d queries",
        len(flushed),
        flushed.total(),
        len(proxy.counts.queries) - queries_cold,
    )
    log.info("at most %d queries at once; cold for %.0f s", proxy.counts.most_running, seconds_cold)
    assert [answer["wrong"] for answer in ended] == [0] * 2 * PROCESSES
    assert len(cold) == ASSETS
    assert len(flushed) > ASSETS / 2
    for count in (cold, flushed):
        assert count.total() <= _NEARLY * len(count)
    assert proxy.counts.most_running <= PROCESSES * CAP
