from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import InvalidSetting
from jobs.flink import checks
from jobs.flink.brokers import BrokerFacts, TopicFacts
from schemas.topics import MAX_MESSAGE_BYTES, MIN_RAW_RETENTION_MS

GOOD_TOPIC = {
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
    "retention.ms": str(MIN_RAW_RETENTION_MS),
    "message.timestamp.type": "CreateTime",
}
SETTINGS = EnrichmentSettings(kafka_bootstrap_servers="k", redis_url="redis://r", assets_dsn="d")
FLINK = checks.FlinkFacts(
    execution_mode="thread",
    cancellation_timeout_ms=180_000,
    checkpoint_timeout_ms=600_000,
    checkpoint_interval_ms=300_000,
    object_reuse=False,
)


def brokers(config: dict[str, str] | None = None, *, raw: int = 4, enriched: int = 4) -> BrokerFacts:
    return BrokerFacts(
        transaction_max_timeout_ms=900_000,
        topics={
            SETTINGS.raw_topic: TopicFacts(partitions=raw, config=GOOD_TOPIC | (config or {})),
            SETTINGS.enriched_topic: TopicFacts(partitions=enriched, config=GOOD_TOPIC),
        },
    )


def test_what_is_not_set_has_flinks_default() -> None:
    assert checks.facts_of_options({}) == checks.FlinkFacts(
        execution_mode="process",
        cancellation_timeout_ms=180_000,
        checkpoint_timeout_ms=600_000,
        checkpoint_interval_ms=0,
        object_reuse=False,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("300000", 300_000), ("300000 ms", 300_000), ("5 s", 5_000), ("5min", 300_000), ("12 h", 43_200_000)],
)
def test_flinks_durations_are_read(text: str, expected: int) -> None:
    assert checks.milliseconds(text) == expected


def test_process_mode_is_refused() -> None:
    checks.check_execution_mode(FLINK, "media-usage")
    with pytest.raises(InvalidSetting, match=r"python\.execution-mode: the media-usage job does not run in process"):
        checks.check_execution_mode(replace(FLINK, execution_mode="process"), "media-usage")


def test_object_reuse_is_refused_where_rows_are_kept_by_reference() -> None:
    checks.check_object_reuse(checks.facts_of_options({"pipeline.object-reuse": "false"}), "media-usage")
    with pytest.raises(InvalidSetting, match=r"pipeline\.object-reuse: with it the media-usage job"):
        checks.check_object_reuse(checks.facts_of_options({"pipeline.object-reuse": "true"}), "media-usage")


@pytest.mark.parametrize(
    ("flink", "lookup_wait_ms", "transaction_ms", "message"),
    [
        pytest.param(FLINK, 180_000, 10**9, r"task\.cancellation\.timeout: 180000 ms is not above", id="look-up wait"),
        pytest.param(
            replace(FLINK, checkpoint_timeout_ms=180_000),
            60_000,
            10**9,
            r"execution\.checkpointing\.timeout: 180000 ms is not above task\.cancellation\.timeout",
            id="checkpoint timeout",
        ),
        pytest.param(
            FLINK,
            60_000,
            600_000,
            r"ENRICHMENT_TRANSACTION_TIMEOUT_MS: 600000 ms is not above",
            id="transaction timeout",
        ),
        pytest.param(
            replace(FLINK, checkpoint_interval_ms=0), 0, None, r"interval: checkpoints are off", id="no checkpoints"
        ),
    ],
)
def test_times_in_the_wrong_order_are_refused(
    flink: checks.FlinkFacts, lookup_wait_ms: int, transaction_ms: int | None, message: str
) -> None:
    checks.check_times(FLINK, lookup_wait_ms=60_000, transaction_ms=43_200_000)
    with pytest.raises(InvalidSetting, match=message):
        checks.check_times(flink, lookup_wait_ms=lookup_wait_ms, transaction_ms=transaction_ms)


def test_a_transaction_timeout_above_the_brokers_is_refused_naming_both() -> None:
    checks.check_transaction_timeout(900_000, brokers())
    with pytest.raises(InvalidSetting, match=r"ENRICHMENT_TRANSACTION_TIMEOUT_MS.*transaction\.max\.timeout\.ms"):
        checks.check_transaction_timeout(900_001, brokers())


def test_a_topic_smaller_than_messages_is_refused() -> None:
    checks.check_sizes(brokers())
    with pytest.raises(InvalidSetting, match=r"max\.message\.bytes of topic cdn-logs\.raw: 1048588 is below"):
        checks.check_sizes(brokers({"max.message.bytes": "1048588"}))


@pytest.mark.parametrize(
    ("facts", "settings", "message"),
    [
        pytest.param(brokers(raw=4, enriched=3), SETTINGS, r"add partitions to the enriched topic first", id="unequal"),
        pytest.param(
            brokers(), replace(SETTINGS, parallelism=5), r"ENRICHMENT_PARALLELISM: 5 is above the 4", id="too parallel"
        ),
    ],
)
def test_partitions_that_break_order_or_watermarks_are_refused(
    facts: BrokerFacts, settings: EnrichmentSettings, message: str
) -> None:
    checks.check_partitions(SETTINGS, brokers())
    with pytest.raises(InvalidSetting, match=message):
        checks.check_partitions(settings, facts)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param({"retention.ms": "86400000"}, "less than the billing horizon and three days", id="retention"),
        pytest.param({"message.timestamp.type": "LogAppendTime"}, "overwrite event time", id="timestamps"),
    ],
)
def test_a_raw_topic_that_forgets_or_restamps_is_refused(config: dict[str, str], message: str) -> None:
    checks.check_raw_retention(SETTINGS.raw_topic, brokers({"retention.ms": "-1"}))
    with pytest.raises(InvalidSetting, match=message):
        checks.check_raw_retention(SETTINGS.raw_topic, brokers(config))
