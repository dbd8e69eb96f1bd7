"""The enrichment job as a graph: raw → enrich → enriched, dead letters aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflink.common import WatermarkStrategy
from pyflink.datastream import StreamExecutionEnvironment

from jobs.enrichment.operator import EnrichmentFunction, dead_letter_tag
from jobs.enrichment.settings import EnrichmentSettings
from jobs.flink.kafka import exactly_once_sink, key_and_value, source
from jobs.flink.streams import side_output


@dataclass(frozen=True, kw_only=True)
class EnrichmentSinks:
    """Where the two outputs go."""

    enriched: Any
    dead_letters: Any


def build(
    env: StreamExecutionEnvironment, settings: EnrichmentSettings, raw_source: Any, sinks: EnrichmentSinks
) -> None:
    """Add the job to an environment. Pure: connects nothing, reads no variable."""
    # Event time passes through in the record timestamps; nothing here waits for a watermark.
    raw = env.from_source(raw_source, WatermarkStrategy.no_watermarks(), "raw").uid("raw-source")
    enriched = raw.process(EnrichmentFunction(settings), key_and_value()).uid("enrich").name("enrich")
    enriched.sink_to(sinks.enriched).uid("enriched-sink").name("enriched")
    dead_letters = side_output(enriched, dead_letter_tag(), "dead-letters")
    dead_letters.sink_to(sinks.dead_letters).uid("dead-letter-sink").name("dead-letters")


def kafka_source(settings: EnrichmentSettings) -> Any:
    return source(settings.kafka, settings.raw_topic, settings.consumer_group, settings.partition_discovery_s)


def kafka_sinks(settings: EnrichmentSettings) -> EnrichmentSinks:
    """The two transactional sinks: each with a prefix of its own, both with the same timeout."""

    def sink(topic: str, prefix: str) -> Any:
        timeout_ms, discovery_s = settings.transaction_timeout_ms, settings.partition_discovery_s
        return exactly_once_sink(settings.kafka, topic, prefix, timeout_ms, discovery_s)

    return EnrichmentSinks(
        enriched=sink(settings.enriched_topic, settings.enriched_transactional_prefix),
        dead_letters=sink(settings.dead_letter_topic, settings.dead_letter_transactional_prefix),
    )
