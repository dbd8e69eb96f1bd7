"""The asset database away: what is known goes on, what is not is waited for, and the totals say so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from redis import Redis

from jobs.enrichment.invalidation import STREAM
from jobs.enrichment.lookup import LookupUnavailable
from jobs.enrichment.settings import EnrichmentSettings
from local import redis
from local.settings import Settings
from tests.integration.postgres_proxy import PostgresProxy, running_proxy
from tests.integration.stages import change_assets, durations, opened, until

FILM, RADIO = "/film/720p/segment-1.m4s", "/radio/audio/segment-0.aac"


@pytest.fixture
def proxy(filled_dsn: str) -> Iterator[PostgresProxy]:
    with running_proxy(filled_dsn) as running:
        yield running


@pytest.fixture
def settings(proxy: PostgresProxy, own_redis: Settings) -> EnrichmentSettings:
    """Times of production, each divided by some hundred."""
    return EnrichmentSettings(
        kafka_bootstrap_servers="not-asked",
        redis_url=redis.url(own_redis),
        assets_dsn=proxy.dsn,
        asset_cache_ttl_s=0.5,
        lookup_wait_s=2.5,
        database_timeout_s=0.3,
    )


@pytest.fixture(params=["gone", "hanging"])
def break_down(request: pytest.FixtureRequest, proxy: PostgresProxy) -> Callable[[], None]:
    return proxy.vanish if request.param == "gone" else proxy.hang


def test_what_memory_knows_goes_on_however_old_it_is(
    break_down: Callable[[], None], settings: EnrichmentSettings, proxy: PostgresProxy, filled_dsn: str
) -> None:
    with opened(settings) as stage:
        assert durations(stage, FILM) == [1500]
        break_down()
        time.sleep(settings.asset_cache_ttl_s)  # memory grows old by the clock alone: no event tells of it
        began_s = time.monotonic()
        assert [durations(stage, FILM) for _ in range(100)] == [[1500]] * 100
        assert time.monotonic() - began_s < settings.lookup_wait_s + 1  # patience once, not a hundred times
        assert stage.totals()["asset_cache_spares_used"]() > 0
        change_assets(filled_dsn, "UPDATE renditions SET segment_ms = '{4004,1400}' WHERE name = '720p'")
        proxy.recover()
        until(lambda: durations(stage, FILM) == [1400])


def test_a_restarted_task_goes_on_with_what_redis_knows(
    break_down: Callable[[], None], settings: EnrichmentSettings
) -> None:
    with opened(settings) as stage:
        assert durations(stage, FILM, RADIO) == [1500, 6000]
    break_down()
    time.sleep(settings.asset_cache_ttl_s)  # memory grows old by the clock alone: no event tells of it
    with opened(settings) as restarted:
        assert durations(restarted, FILM) == [1500]
        assert durations(restarted, FILM, RADIO) == [1500, 6000]


@pytest.mark.parametrize("minutes", [5, 14 * 24 * 60], ids=["five minutes", "two weeks"])
def test_an_invalidation_before_the_last_reading_forgets_nothing_at_a_restart(
    minutes: int, break_down: Callable[[], None], settings: EnrichmentSettings, own_redis: Settings
) -> None:
    announced_ms = time.time_ns() // 1_000_000 - minutes * 60_000
    Redis.from_url(redis.url(own_redis)).xadd(STREAM, {"all": "1"}, id=f"{announced_ms}-0")
    with opened(settings) as stage:
        assert durations(stage, FILM) == [1500]
    break_down()
    with opened(settings) as restarted:
        if minutes < 10:
            until(lambda: restarted.totals()["asset_invalidations"]() > 0)
        time.sleep(settings.asset_cache_ttl_s)  # memory grows old by the clock alone: no event tells of it
        assert durations(restarted, FILM) == [1500]


def test_what_nobody_knows_is_waited_for_then_the_task_gives_up_and_loses_nothing(
    break_down: Callable[[], None], settings: EnrichmentSettings, proxy: PostgresProxy
) -> None:
    waits: list[dict[str, int]] = []
    with opened(settings, waiting=lambda: waits.append(totals())) as stage:

        def totals() -> dict[str, int]:
            return {name: stage.totals()[name]() for name in ("asset_lookup_wait_ms", "asset_database_wait_ms")}

        assert durations(stage, FILM) == [1500]
        break_down()
        with pytest.raises(LookupUnavailable, match="no answer from the asset database for 1 assets within 2 s"):
            durations(stage, RADIO)
        assert stage.totals()["asset_database_failed_queries"]() > 0
        assert len(waits) >= 2
        assert all(second > first for first, second in zip(waits[0].values(), waits[1].values(), strict=True))
        proxy.recover()
        assert durations(stage, RADIO) == [6000]


def test_a_database_that_comes_back_within_the_wait_costs_no_restart(
    break_down: Callable[[], None], settings: EnrichmentSettings, proxy: PostgresProxy
) -> None:
    with opened(settings, waiting=proxy.recover) as stage:
        break_down()
        assert durations(stage, RADIO) == [6000]


def test_a_database_that_is_away_is_not_hammered(settings: EnrichmentSettings, proxy: PostgresProxy) -> None:
    patient = replace(settings, lookup_wait_s=1.5)
    with opened(patient) as stage:
        proxy.vanish()
        with suppress(LookupUnavailable):
            durations(stage, *(f"/asset-{number}/720p/segment-1.m4s" for number in range(500)))
        assert stage.totals()["asset_database_failed_queries"]() <= 4


def test_what_was_read_in_an_outage_of_redis_as_well_is_remembered(
    settings: EnrichmentSettings, proxy: PostgresProxy, own_redis: Settings
) -> None:
    with opened(settings) as stage:
        Redis.from_url(redis.url(own_redis)).execute_command("CONFIG", "SET", "maxmemory", "1")  # type: ignore[no-untyped-call]
        assert durations(stage, FILM) == [1500]
        redis.halt(own_redis)
        proxy.vanish()
        time.sleep(settings.asset_cache_ttl_s)  # memory grows old by the clock alone: no event tells of it
        assert durations(stage, FILM) == [1500]
