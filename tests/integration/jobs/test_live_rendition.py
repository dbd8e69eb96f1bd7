"""A live rendition grows while its asset is cached: a new segment is read, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.enrichment.settings import EnrichmentSettings
from local import redis
from local.settings import Settings
from schemas.cdn_logs_pb2 import AccessLog, Unresolved
from tests.integration.postgres_proxy import PostgresProxy, running_proxy
from tests.integration.stages import change_assets, enriched, opened


@pytest.fixture
def proxy(filled_dsn: str) -> Iterator[PostgresProxy]:
    with running_proxy(filled_dsn) as running:
        yield running


@pytest.fixture
def settings(proxy: PostgresProxy, own_redis: Settings) -> EnrichmentSettings:
    return EnrichmentSettings(kafka_bootstrap_servers="not-asked", redis_url=redis.url(own_redis), assets_dsn=proxy.dsn)


def outcome(record: AccessLog) -> tuple[int, int]:
    return record.media_duration_ms, record.unresolved


def append(dsn: str, duration_ms: int) -> None:
    change_assets(dsn, f"UPDATE renditions SET segment_ms = segment_ms || {duration_ms} WHERE name = '720p'")


def segment(number: int) -> str:
    return f"/film/720p/segment-{number}.m4s"


def test_every_segment_has_its_own_duration_as_soon_as_it_is_listed(
    settings: EnrichmentSettings, proxy: PostgresProxy, filled_dsn: str
) -> None:
    """Contract: a segment newer than the cached entry is a refresh, then unresolved, never a guess. Two TaskManagers
    that see the same stream share the refreshes."""
    outcomes: list[tuple[int, int]] = []
    with opened(settings) as one, opened(settings) as other:
        for number in range(2, 8):
            append(filled_dsn, 1000 + number)
            for stage in (one, other):
                made = enriched(stage, *(segment(each) for each in range(number + 1)))
                outcomes += [outcome(record) for record in made.records[-2:]]
    expected = [1500, *range(1002, 1008)]
    assert outcomes == [
        (expected[number - 2 + last], 0) for number in range(2, 8) for _ in range(2) for last in range(2)
    ]
    assert len(proxy.counts.queries) <= 2 * 6


def test_a_segment_that_is_not_listed_is_unresolved_until_it_is(
    settings: EnrichmentSettings, proxy: PostgresProxy, filled_dsn: str
) -> None:
    with opened(settings) as stage:
        assert outcome(enriched(stage, segment(1)).records[0]) == (1500, 0)
        for _ in range(20):
            missing = enriched(stage, segment(1), segment(2))
            assert [outcome(record) for record in missing.records] == [
                (1500, 0),
                (0, Unresolved.UNRESOLVED_UNKNOWN_SEGMENT),
            ]
        assert len(proxy.counts.queries) == 2  # at first, and once for the segment
        append(filled_dsn, 1700)
        append(filled_dsn, 900)
        # The next segment is not known to be missing: it brings the one that was along.
        assert [outcome(record) for record in enriched(stage, segment(2), segment(3)).records] == [(1700, 0), (900, 0)]
