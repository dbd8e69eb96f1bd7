"""The stage with everything opened, as on a TaskManager."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.enrichment.lookup import LookupUnavailable
from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.stage import EnrichmentStage
from jobs.enrichment.wiring import open_stage
from local import geo, redis
from local.settings import Settings
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS


@pytest.fixture
def settings(filled_dsn: str, redis_server: Settings, tmp_path: Path) -> EnrichmentSettings:
    files = geo.write(tmp_path)
    return EnrichmentSettings(
        kafka_bootstrap_servers="not-asked",
        redis_url=redis.url(redis_server),
        assets_dsn=filled_dsn,
        asn_database=str(files.asn),
        city_database=str(files.city),
    )


def durations(stage: EnrichmentStage, *paths: str) -> list[int]:
    made = batch([delivery(path) for path in paths], hour_ms=HOUR)
    enriched = AccessLogBatch.FromString(stage.process(made.SerializeToString(), HOUR).value)
    return [record.media_duration_ms for record in enriched.records]


def test_a_second_open_in_one_process_outlives_the_first(settings: EnrichmentSettings) -> None:
    """Contract: a TaskManager may open a restarted task before it has closed the old one."""
    first, second = open_stage(settings), open_stage(settings)
    assert durations(first, "/film/720p/segment-1.m4s") == [1500]
    first.close()
    assert durations(second, "/film/720p/segment-0.m4s", "/radio/audio/segment-0.aac") == [4004, 6000]
    second.close()
    third = open_stage(settings)
    assert durations(third, "/film/720p/segment-1.m4s") == [1500]
    third.close()


def test_without_redis_and_database_the_stage_gives_up_after_its_wait(settings: EnrichmentSettings) -> None:
    away = EnrichmentSettings(
        kafka_bootstrap_servers="not-asked",
        redis_url="redis://127.0.0.1:1",
        assets_dsn="postgresql://127.0.0.1:1/assets",
        lookup_wait_s=1.5,
    )
    stage = open_stage(away)
    with pytest.raises(LookupUnavailable):
        durations(stage, "/film/720p/segment-1.m4s")
    assert stage.totals()["asset_database_failed_queries"]() > 0
    stage.close()
