from __future__ import annotations

import pytest

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import InvalidSetting, settings_from
from schemas.topics import DEAD_LETTER, ENRICHED, RAW

REQUIRED = {
    "ENRICHMENT_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "ENRICHMENT_REDIS_URL": "redis://redis",
    "ENRICHMENT_ASSETS_DSN": "postgresql://db/assets",
}


def test_the_defaults_are_those_of_the_system() -> None:
    settings = settings_from(EnrichmentSettings, "ENRICHMENT_", REQUIRED)
    assert (settings.raw_topic, settings.enriched_topic, settings.dead_letter_topic) == (RAW, ENRICHED, DEAD_LETTER)
    assert (settings.lookup_wait_s, settings.transaction_timeout_ms, settings.parallelism) == (60.0, 43_200_000, 1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param(
            "ENRICHED_TRANSACTIONAL_PREFIX", "enrichment.", "is a prefix of the other", id="prefix of a prefix"
        ),
        pytest.param("FUSE_RATIO", "0", "ENRICHMENT_FUSE_RATIO: 0.0 is no share", id="fuse that always blows"),
        pytest.param("FUSE_RATIO", "1.1", "ENRICHMENT_FUSE_RATIO: 1.1 is no share", id="more than all"),
        pytest.param(
            "PARTITION_DISCOVERY_S",
            "-1",
            "ENRICHMENT_PARTITION_DISCOVERY_S: -1.0 is not positive",
            id="never looked for",
        ),
        pytest.param("DATABASE_QUERIES", "0", "ENRICHMENT_DATABASE_QUERIES: 0 is not positive", id="no query"),
        pytest.param("ASSET_CACHE_TTL_S", "0", "ENRICHMENT_ASSET_CACHE_TTL_S: 0.0 is not positive", id="no cache"),
        pytest.param("PARALLELISM", "-1", "ENRICHMENT_PARALLELISM: -1 is not positive", id="negative"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(name: str, value: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        settings_from(EnrichmentSettings, "ENRICHMENT_", REQUIRED | {f"ENRICHMENT_{name}": value})
