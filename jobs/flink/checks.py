"""Checks before a job is submitted: settings that only fail together, hours later, or silently.

Pure checks on facts; `check_enrichment` and `check_media_usage` gather the facts from Flink's configuration and
from the brokers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from pyflink.datastream import StreamExecutionEnvironment

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import require
from jobs.flink.brokers import BrokerFacts, broker_facts
from jobs.media_usage.settings import MediaUsageSettings
from schemas.topics import MAX_MESSAGE_BYTES, MIN_RAW_RETENTION_MS


@dataclass(frozen=True, kw_only=True)
class FlinkFacts:
    """What Flink's configuration says, times in milliseconds."""

    execution_mode: str
    cancellation_timeout_ms: int
    checkpoint_timeout_ms: int
    checkpoint_interval_ms: int
    object_reuse: bool


def check_enrichment(env: StreamExecutionEnvironment, settings: EnrichmentSettings) -> None:
    """Raise InvalidSetting where the enrichment job would lose data, crash-loop, or block."""
    topics = (settings.raw_topic, settings.enriched_topic, settings.dead_letter_topic)
    brokers = broker_facts(settings.kafka, topics)
    flink = flink_facts(env)
    check_execution_mode(flink, "enrichment")
    check_times(
        flink,
        lookup_wait_ms=int(settings.lookup_wait_s * 1000),
        transaction_ms=settings.transaction_timeout_ms,
    )
    check_transaction_timeout(settings.transaction_timeout_ms, brokers)
    check_sizes(brokers)
    check_partitions(settings, brokers)
    check_raw_retention(settings.raw_topic, brokers)


def check_media_usage(env: StreamExecutionEnvironment, settings: MediaUsageSettings) -> None:
    """Raise InvalidSetting where the media-usage job would lose windows or block."""
    brokers = broker_facts(settings.kafka, (settings.enriched_topic,))
    flink = flink_facts(env)
    check_execution_mode(flink, "media-usage")
    check_object_reuse(flink, "media-usage")
    check_times(flink, lookup_wait_ms=0, transaction_ms=None)
    check_sizes(brokers)
    check_parallelism("MEDIA_USAGE_PARALLELISM", settings.parallelism, settings.enriched_topic, brokers)


def flink_facts(env: StreamExecutionEnvironment) -> FlinkFacts:
    """Facts of the configuration that the job will run with: config.yaml and -D options."""
    options = env._j_stream_execution_environment.getConfiguration().toMap()
    return facts_of_options({str(key): str(options[key]) for key in options})


def facts_of_options(options: Mapping[str, str]) -> FlinkFacts:
    """Facts from Flink's options; what is not set has Flink's default."""
    return FlinkFacts(
        execution_mode=options.get("python.execution-mode", "process"),
        cancellation_timeout_ms=milliseconds(options.get("task.cancellation.timeout", "180 s")),
        checkpoint_timeout_ms=milliseconds(options.get("execution.checkpointing.timeout", "10 min")),
        checkpoint_interval_ms=milliseconds(options.get("execution.checkpointing.interval", "0 ms")),
        object_reuse=options.get("pipeline.object-reuse", "false") == "true",
    )


def check_execution_mode(flink: FlinkFacts, job: str) -> None:
    """Process mode loses timers, and so whole windows, over a restore (measured: 10 of 40 windows)."""
    require(
        flink.execution_mode == "thread",
        "python.execution-mode",
        f"the {job} job does not run in {flink.execution_mode} mode: there PyFlink 2.3 loses data over a restore",
        "set python.execution-mode: thread",
    )


def check_object_reuse(flink: FlinkFacts, job: str) -> None:
    """PyFlink hands one row object out again and again, and the JDBC sinks keep rows by reference until they write."""
    require(
        not flink.object_reuse,
        "pipeline.object-reuse",
        f"with it the {job} job would write the last of its rows many times, and the others never",
        "leave it off",
    )


def check_times(flink: FlinkFacts, lookup_wait_ms: int, transaction_ms: int | None) -> None:
    """Look-up wait < cancellation timeout < checkpoint timeout < transaction timeout; and checkpoints are on."""
    require(
        flink.checkpoint_interval_ms > 0,
        "execution.checkpointing.interval",
        "checkpoints are off: nothing would ever be committed",
        "set it, 5 min in production",
    )
    steps = [
        ("ENRICHMENT_LOOKUP_WAIT_S", lookup_wait_ms),
        ("task.cancellation.timeout", flink.cancellation_timeout_ms),
        ("execution.checkpointing.timeout", flink.checkpoint_timeout_ms),
        ("ENRICHMENT_TRANSACTION_TIMEOUT_MS", transaction_ms),
    ]
    present = [(name, value) for name, value in steps if value is not None]
    for (shorter, low), (longer, high) in pairwise(present):
        require(low < high, longer, f"{high} ms is not above {shorter} ({low} ms)", f"raise {longer}")


def check_transaction_timeout(timeout_ms: int, brokers: BrokerFacts) -> None:
    """The broker refuses producers whose timeout is above its own maximum, 15 minutes by default."""
    require(
        timeout_ms <= brokers.transaction_max_timeout_ms,
        "ENRICHMENT_TRANSACTION_TIMEOUT_MS",
        f"{timeout_ms} ms is above the brokers' transaction.max.timeout.ms ({brokers.transaction_max_timeout_ms} ms)",
        "raise transaction.max.timeout.ms on the brokers, or lower the setting to the longest outage to survive",
    )


def check_sizes(brokers: BrokerFacts) -> None:
    """A topic that takes less than producers send is a crash loop at the first large batch."""
    for name, topic in brokers.topics.items():
        size = int(topic.config["max.message.bytes"])
        require(
            size >= MAX_MESSAGE_BYTES,
            f"max.message.bytes of topic {name}",
            f"{size} is below the {MAX_MESSAGE_BYTES} bytes that producers may send",
            f"set it to {MAX_MESSAGE_BYTES}",
        )


def check_partitions(settings: EnrichmentSettings, brokers: BrokerFacts) -> None:
    """One raw partition feeds exactly one enriched partition, so both topics have the same number."""
    raw = brokers.topics[settings.raw_topic].partitions
    enriched = brokers.topics[settings.enriched_topic].partitions
    require(
        raw == enriched,
        f"partitions of {settings.enriched_topic}",
        f"{enriched} there and {raw} in {settings.raw_topic}: batches would change their order",
        "add partitions to the enriched topic first, then to the raw one, until they are equal",
    )
    check_parallelism("ENRICHMENT_PARALLELISM", settings.parallelism, settings.raw_topic, brokers)


def check_parallelism(setting: str, parallelism: int, topic: str, brokers: BrokerFacts) -> None:
    """A source subtask without a partition never has a watermark, and no window would ever fire."""
    partitions = brokers.topics[topic].partitions
    require(
        parallelism <= partitions,
        setting,
        f"{parallelism} is above the {partitions} partitions of {topic}",
        "lower it, or add partitions",
    )


def check_raw_retention(topic: str, brokers: BrokerFacts) -> None:
    """Raw must outlive the billing horizon by days; and its timestamps must be event time."""
    config = brokers.topics[topic].config
    retention = int(config["retention.ms"])
    require(
        retention == -1 or retention >= MIN_RAW_RETENTION_MS,
        f"retention.ms of topic {topic}",
        f"{retention} ms is less than the billing horizon and three days",
        f"set it to at least {MIN_RAW_RETENTION_MS}",
    )
    require(
        config["message.timestamp.type"] == "CreateTime",
        f"message.timestamp.type of topic {topic}",
        "the broker would overwrite event time",
        "set it to CreateTime",
    )


_UNITS = {"ms": 1, "s": 1000, "sec": 1000, "min": 60_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(duration: str) -> int:
    """A Flink duration such as "10 min" in milliseconds; a bare number is milliseconds."""
    text = duration.strip()
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = text[len(digits) :].strip()
    return int(digits) * _UNITS[unit or "ms"]
