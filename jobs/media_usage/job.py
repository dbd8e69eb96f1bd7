"""The media-usage job as a graph: enriched → tally → deduplicate → 1-hour windows → Postgres.

Batches of sources that may send a line again in another delivery take a turn behind deduplication: recognise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflink.common import Duration, Types, WatermarkStrategy
from pyflink.datastream import DataStream, StreamExecutionEnvironment

from jobs.flink.jdbc import jdbc_sink
from jobs.flink.kafka import source
from jobs.flink.streams import key_by, side_output
from jobs.media_usage import wire
from jobs.media_usage.operators.beyond_lateness import BeyondLatenessAlert
from jobs.media_usage.operators.deduplicate import DeduplicateFunction
from jobs.media_usage.operators.hourly_window import HourlyWindow, refused_tag
from jobs.media_usage.operators.outputs import (
    corrections_tag,
    ledger_tag,
    lines_tag,
    row_type,
    totals_tag,
    watermark_tag,
)
from jobs.media_usage.operators.recognise import RecogniseFunction
from jobs.media_usage.operators.tally import TallyFunction
from jobs.media_usage.settings import MediaUsageSettings
from jobs.media_usage.statements import COLLECTOR_TOTALS, LATE_BATCH, LEDGER, USAGE, WATERMARK, Statement
from schemas.batch import HOUR_MS


@dataclass(frozen=True, kw_only=True)
class MediaUsageSinks:
    """Where each kind of row goes."""

    usage: Any
    #: With their rows of the ledger.
    corrections: Any
    ledger: Any
    collector_totals: Any
    watermark: Any


def build(
    env: StreamExecutionEnvironment,
    settings: MediaUsageSettings,
    enriched_source: Any,
    sinks: MediaUsageSinks,
) -> None:
    """Add the job to an environment. Pure: connects nothing, reads no variable."""
    stream = env.from_source(enriched_source, watermarks(settings.out_of_orderness_h), "enriched")
    count(stream.uid("enriched-source"), settings, sinks)


def watermarks(out_of_orderness_h: float) -> WatermarkStrategy:
    """Per partition, on the JVM, from Kafka's record timestamps. No idleness: heartbeats move silent partitions."""
    return WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(int(out_of_orderness_h * HOUR_MS)))


def count(enriched: DataStream, settings: MediaUsageSettings, sinks: MediaUsageSinks) -> None:
    """Everything from an enriched batch to its rows; reprocess uses the same."""
    batches = enriched.process(TallyFunction(settings.rule_schedule), Types.STRING()).uid("tally").name("tally")
    keyed = key_by(batches, wire.key_of, "batch-id")
    counted = keyed.process(DeduplicateFunction(), Types.STRING()).uid("deduplicate").name("deduplicate")
    recognised = _recognise(side_output(counted, lines_tag(), "lines"))
    _windows(counted.union(recognised), settings, sinks)
    for name, new_tag, sink in (
        ("corrections", corrections_tag, sinks.corrections),
        ("ledger", ledger_tag, sinks.ledger),
    ):
        rows = side_output(counted, new_tag(), name).union(side_output(recognised, new_tag(), f"recognised-{name}"))
        rows.sink_to(sink).uid(f"{name}-sink").name(name)
    for name, tag, sink in (
        ("collector-totals", totals_tag(), sinks.collector_totals),
        ("watermark", watermark_tag(), sinks.watermark),
    ):
        side_output(counted, tag, name).sink_to(sink).uid(f"{name}-sink").name(name)


def _recognise(lines: DataStream) -> DataStream:
    """Batches whose lines may come again in another batch, counted without those that have."""
    keyed = key_by(lines, wire.key_of, "source-and-hour")
    return keyed.process(RecogniseFunction(), Types.STRING()).uid("recognise").name("recognise")


def _windows(usage: DataStream, settings: MediaUsageSettings, sinks: MediaUsageSinks) -> None:
    keyed = key_by(usage, wire.key_of, "hour-and-bucket")
    window = HourlyWindow(refresh_ms=round(settings.refresh_interval_s * 1_000))
    hourly = keyed.process(window, row_type(USAGE)).uid("hourly-window").name("hourly-window")
    hourly.sink_to(sinks.usage).uid("usage-sink").name("usage")
    alert = side_output(hourly, refused_tag(), "refused").process(BeyondLatenessAlert(), Types.STRING())
    alert.uid("beyond-lateness").name("beyond-lateness")


def kafka_source(settings: MediaUsageSettings) -> Any:
    return source(settings.kafka, settings.enriched_topic, settings.consumer_group, settings.partition_discovery_s)


def jdbc_sinks(settings: MediaUsageSettings) -> MediaUsageSinks:
    """Upserts of absolute values: at least once through the connector, exactly once by their guards."""

    def sink(statement: Statement) -> Any:
        return jdbc_sink(
            statement.sql,
            statement.jdbc_types,
            url=settings.billing_jdbc_url,
            user=settings.billing_user,
            batch_rows=settings.jdbc_batch_rows,
            batch_interval_ms=settings.jdbc_batch_interval_ms,
            retries=settings.jdbc_retries,
        )

    return MediaUsageSinks(
        usage=sink(USAGE),
        corrections=sink(LATE_BATCH),
        ledger=sink(LEDGER),
        collector_totals=sink(COLLECTOR_TOTALS),
        watermark=sink(WATERMARK),
    )
