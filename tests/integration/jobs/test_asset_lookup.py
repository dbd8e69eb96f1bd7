"""Look-ups against a real Redis and a real asset database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from jobs.enrichment.database import AssetDatabase
from jobs.enrichment.fleet_cache import Claim, FleetCachePolicy, connect
from jobs.enrichment.floors import Floors
from jobs.enrichment.lookup import AssetLookup, LookupPolicy
from local import redis
from local.settings import Settings
from schemas.cdn_logs_pb2 import AssetSettings, LowLatencyBilling, MediaType, Rendition, RenditionSettings

NOW = 1_795_000_000_000


def rendition(asset_id: str, name: str, media_type: MediaType, **fields: object) -> Rendition:
    return Rendition(environment_id="env-1", asset_id=asset_id, name=name, media_type=media_type, **fields)  # type: ignore[arg-type]


FILM = AssetSettings(
    asset_id="film",
    environment_id="env-1",
    read_at_ms=NOW,
    renditions=[
        RenditionSettings(
            rendition=rendition(
                "film",
                "720p",
                MediaType.MEDIA_TYPE_VIDEO,
                height=720,
                low_latency_billing=LowLatencyBilling.LOW_LATENCY_BILLING_PARTS,
            ),
            segment_ms=[4004, 1500],
            part_ms=334,
        ),
        RenditionSettings(
            rendition=rendition("film", "audio", MediaType.MEDIA_TYPE_COMPANION_AUDIO), segment_ms=[4004, 1500]
        ),
        RenditionSettings(rendition=rendition("film", "iframes", MediaType.MEDIA_TYPE_TRICK_PLAY)),
    ],
)
RADIO = AssetSettings(
    asset_id="radio",
    environment_id="env-1",
    read_at_ms=NOW,
    renditions=[
        RenditionSettings(rendition=rendition("radio", "audio", MediaType.MEDIA_TYPE_AUDIO_ONLY), segment_ms=[6000])
    ],
)
EMPTY = AssetSettings(asset_id="empty", environment_id="env-1", read_at_ms=NOW)
ABSENT = AssetSettings(asset_id="nobody", read_at_ms=NOW, absent=True)


def by_name(settings: AssetSettings) -> AssetSettings:
    """The same with renditions in the order of their names, as the database gives them."""
    ordered = sorted(settings.renditions, key=lambda entry: entry.rendition.name)
    copy = AssetSettings()
    copy.CopyFrom(settings)
    del copy.renditions[:]
    copy.renditions.extend(ordered)
    return copy


EXPECTED = {entry.asset_id: by_name(entry) for entry in (FILM, RADIO, EMPTY, ABSENT)}


def test_assets_are_read_from_the_database_as_they_stand_there(filled_dsn: str) -> None:
    database = AssetDatabase(filled_dsn, timeout_s=5)
    assert database.read(sorted(EXPECTED), NOW) == EXPECTED
    database.close()


def test_a_lost_connection_is_made_anew(filled_dsn: str) -> None:
    database = AssetDatabase(filled_dsn, timeout_s=5)
    database.read(["film"], NOW)
    with psycopg2.connect(filled_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'enrichment' AND datname = current_database()"
        )
    with pytest.raises(psycopg2.Error):
        database.read(["film"], NOW)
    assert database.read(["film"], NOW) == {"film": EXPECTED["film"]}
    database.close()


async def test_what_the_database_said_is_in_redis_for_the_fleet(filled_dsn: str, redis_server: Settings) -> None:
    database = AssetDatabase(filled_dsn, timeout_s=5)
    first = connect(redis.url(redis_server), None, FleetCachePolicy())
    lookup = AssetLookup(first, database, ThreadPoolExecutor(1), LookupPolicy(), lambda: NOW, Floors())
    assert await lookup.fetch(set(EXPECTED)) == EXPECTED
    second = connect(redis.url(redis_server), None, FleetCachePolicy())
    assert await second.get(sorted(EXPECTED)) == EXPECTED
    assert lookup.counts.queries == 1
    for fleet in (first, second):
        await fleet.close()
    database.close()


async def test_without_redis_the_database_answers(filled_dsn: str) -> None:
    database = AssetDatabase(filled_dsn, timeout_s=5)
    fleet = connect("redis://127.0.0.1:1", None, FleetCachePolicy(timeout_s=0.2))
    lookup = AssetLookup(fleet, database, ThreadPoolExecutor(1), LookupPolicy(), lambda: NOW, Floors())
    assert await lookup.fetch({"radio"}) == {"radio": EXPECTED["radio"]}
    assert fleet.errors == 1  # after which it is left alone for a while
    await fleet.close()
    database.close()


async def test_one_of_the_fleet_holds_the_lock_of_an_asset(redis_server: Settings) -> None:
    one = connect(redis.url(redis_server), None, FleetCachePolicy())
    other = connect(redis.url(redis_server), None, FleetCachePolicy())
    hot = AssetSettings(asset_id="hot")
    assert await one.claim(["hot", "warm"]) == Claim({"hot", "warm"}, {})
    assert await other.claim(["hot", "cold"]) == Claim({"cold"}, {})
    await one.put([hot])
    assert await other.claim(["hot", "warm"]) == Claim({"hot"}, {"hot": hot})
    await other.release({"hot"})
    assert await one.claim(["hot"]) == Claim({"hot"}, {"hot": hot})
    for fleet in (one, other):
        await fleet.close()
