"""Topic settings that money depends on."""

from __future__ import annotations

import pytest

from schemas import topics as schema
from schemas.batch import BILLING_HORIZON_MS, BLOCK_MAX_BYTES, MAX_FUTURE_MS


def by_name(partitions: int = schema.PARTITIONS) -> dict[str, schema.Topic]:
    return {topic.name: topic for topic in schema.topics(partitions)}


def test_all_settings_that_differ_from_the_broker() -> None:
    assert {name: topic.config for name, topic in by_name().items()} == {
        "cdn-logs.raw": {
            "max.message.bytes": "4194304",
            "message.timestamp.type": "CreateTime",
            "message.timestamp.after.max.ms": "600000",
            "retention.ms": "1209600000",
        },
        "cdn-logs.enriched": {
            "max.message.bytes": "4194304",
            "message.timestamp.type": "CreateTime",
            "retention.ms": "10368000000",
        },
        "cdn-logs.dead-letter": {
            "max.message.bytes": "4194304",
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": "1209600000",
        },
        "cdn-logs.clock": {
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": "3600000",
        },
    }


@pytest.mark.parametrize("partitions", [1, 4, 12])
def test_raw_and_enriched_have_one_partition_count(partitions: int) -> None:
    topics = by_name(partitions)
    assert (topics[schema.RAW].partitions, topics[schema.ENRICHED].partitions) == (partitions, partitions)


def test_raw_outlives_the_billing_horizon_by_days() -> None:
    assert schema.RAW_RETENTION_MS >= schema.MIN_RAW_RETENTION_MS
    assert schema.MIN_RAW_RETENTION_MS - BILLING_HORIZON_MS >= 3 * schema.DAY_MS


def test_a_full_block_fits_into_a_message_many_times() -> None:
    assert schema.MAX_MESSAGE_BYTES >= 8 * BLOCK_MAX_BYTES


def test_the_broker_refuses_a_future_that_collectors_do_not_make() -> None:
    limit_ms = int(by_name()[schema.RAW].config["message.timestamp.after.max.ms"])
    assert limit_ms > MAX_FUTURE_MS
