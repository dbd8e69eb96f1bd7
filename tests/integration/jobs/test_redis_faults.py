"""Redis is never a condition: whatever becomes of it, batches are enriched from the database, without a stall."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from redis import Redis

from jobs.enrichment.settings import EnrichmentSettings
from local import redis
from local.process import find
from local.settings import Settings
from tests.integration.stages import durations, opened, until

#: A timeout of Redis (half a second) and the answer of the database, on a busy machine.
_STALL_S: Final = 5.0
#: Between two moments at which a slow Redis answers.
_SLOW_MS: Final = 200


@pytest.fixture
def settings(filled_dsn: str, own_redis: Settings) -> EnrichmentSettings:
    return EnrichmentSettings(
        kafka_bootstrap_servers="not-asked", redis_url=redis.url(own_redis), assets_dsn=filled_dsn
    )


def signalled(server: Settings, number: signal.Signals) -> None:
    child = find(server.state, redis.NAME)
    assert child is not None
    child.signal(number)


def command(*words: str) -> Callable[[Settings], object]:
    return lambda server: Redis.from_url(redis.url(server)).execute_command(*words)  # type: ignore[no-untyped-call]


@contextmanager
def slowed(server: Settings) -> Iterator[None]:
    """Redis answers everybody, but only every now and then: below the half second after which it is given up."""
    pauses = Redis.from_url(redis.url(server)).pipeline(transaction=False)
    for _ in range(12):
        pauses.execute_command("CLIENT", "PAUSE", _SLOW_MS)  # type: ignore[no-untyped-call]
    with ThreadPoolExecutor(1) as pool:
        slowing = pool.submit(pauses.execute)
        yield
        slowing.result()


FAULTS: dict[str, Callable[[Settings], object]] = {
    "down": redis.halt,
    "hanging": lambda server: signalled(server, signal.SIGSTOP),
    "read-only, a replica without its primary": command("REPLICAOF", "127.0.0.1", "1"),
    "read-only, by rights": command("ACL", "SETUSER", "default", "-@write"),
    "no rights at all": command("ACL", "SETUSER", "default", "-@all"),
    "full": command("CONFIG", "SET", "maxmemory", "1"),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Callable[[Settings], object]:
    return FAULTS[request.param]


def test_billing_goes_on_without_a_stall(
    fault: Callable[[Settings], object], settings: EnrichmentSettings, own_redis: Settings
) -> None:
    with opened(settings) as stage:
        assert durations(stage, "/film/720p/segment-1.m4s") == [1500]
        fault(own_redis)
        began_s = time.monotonic()
        known_and_new = durations(stage, "/film/720p/segment-0.m4s", "/radio/audio/segment-0.aac")
        assert known_and_new == [4004, 6000]
        assert time.monotonic() - began_s < _STALL_S
        until(lambda: stage.totals()["asset_redis_errors"]() > 0)
        assert stage.totals()["asset_database_queried_assets"]() == 2


def test_a_hanging_redis_costs_one_timeout_not_one_a_batch(settings: EnrichmentSettings, own_redis: Settings) -> None:
    with opened(settings) as stage:
        durations(stage, "/film/720p/segment-1.m4s")
        signalled(own_redis, signal.SIGSTOP)
        began_s = time.monotonic()
        for number in range(50):
            durations(stage, f"/nobody-{number}/720p/segment-1.m4s")
        assert time.monotonic() - began_s < 2 * _STALL_S
        signalled(own_redis, signal.SIGCONT)

        def used_again() -> bool:
            durations(stage, f"/nobody-{time.monotonic_ns()}/720p/segment-1.m4s")
            return bool(Redis.from_url(redis.url(own_redis)).dbsize())

        Redis.from_url(redis.url(own_redis)).flushall()
        until(used_again)


def test_a_slow_redis_delays_no_more_than_its_timeout_and_the_totals_say_so(
    settings: EnrichmentSettings, own_redis: Settings
) -> None:
    with opened(settings) as stage, slowed(own_redis):
        began_s = time.monotonic()
        assert durations(stage, "/film/720p/segment-1.m4s") == [1500]
        assert durations(stage, "/radio/audio/segment-0.aac") == [6000]
        assert time.monotonic() - began_s < _STALL_S
        # On a busy machine an answer may come after the timeout: then Redis is left alone for a while, and says so too.
        assert stage.totals()["asset_redis_wait_ms"]() > _SLOW_MS or stage.totals()["asset_redis_errors"]() > 0


def test_these_rights_are_enough(settings: EnrichmentSettings, own_redis: Settings, tmp_path: Path) -> None:
    """Contract: docs/operations/assets.md names them."""
    rights = ["+mget", "+set", "+del", "+xread", "+time"]
    command("ACL", "SETUSER", "job", "on", ">secret", "~asset*", *rights)(own_redis)
    password = tmp_path / "password"
    password.write_text("secret\n")
    allowed = replace(settings, redis_url=settings.redis_url.replace("//", "//job@"), redis_password_file=str(password))
    for _ in range(2):
        with opened(allowed) as stage:
            assert durations(stage, "/film/720p/segment-1.m4s") == [1500]
            totals = {name: read() for name, read in stage.totals().items()}
    assert (totals["asset_redis_errors"], totals["asset_redis_hits"]) == (0, 1)
