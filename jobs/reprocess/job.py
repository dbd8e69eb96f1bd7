"""The reprocess job as a graph: raw (or enriched), bounded → the functions of both jobs → shadow tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pyflink.common import Types
from pyflink.datastream import DataStream, StreamExecutionEnvironment

from jobs.enrichment.operator import EnrichmentFunction
from jobs.enrichment.settings import EnrichmentSettings
from jobs.flink.kafka import bounded_source, key_and_value
from jobs.media_usage.job import MediaUsageSinks, count, jdbc_sinks, watermarks
from jobs.media_usage.settings import MediaUsageSettings
from jobs.reprocess.hours import HoursFunction
from jobs.reprocess.settings import ReprocessSettings
from schemas.batch import HOUR_MS
from schemas.topics import RAW_RETENTION_MS

#: How far out of order messages may be: as far as raw reaches. A window that the live job has refused something for
#: stays open here until all of raw is read.
OUT_OF_ORDERNESS_H: Final = RAW_RETENTION_MS / HOUR_MS


def build(
    env: StreamExecutionEnvironment,
    settings: ReprocessSettings,
    enrichment: EnrichmentSettings,
    usage: MediaUsageSettings,
    source: Any,
    sinks: MediaUsageSinks,
) -> None:
    """Add the job to an environment. Pure: connects nothing, reads no variable."""
    stream = env.from_source(source, watermarks(OUT_OF_ORDERNESS_H), settings.source).uid("source")
    hours = HoursFunction(settings.first_hour_ms, settings.last_hour_ms)
    wanted = stream.process(hours, _payload()).uid("hours").name("hours")
    count(_enrich(wanted, enrichment) if settings.source == "raw" else wanted, usage, sinks)


def _enrich(raw: DataStream, enrichment: EnrichmentSettings) -> DataStream:
    messages = raw.process(EnrichmentFunction(enrichment), key_and_value()).uid("enrich").name("enrich")
    return messages.map(lambda message: message[1], _payload()).uid("value").name("value")


def kafka_source(settings: ReprocessSettings, enrichment: EnrichmentSettings) -> Any:
    """The topic up to what is its end when the job starts."""
    topic = enrichment.raw_topic if settings.source == "raw" else enrichment.enriched_topic
    return bounded_source(enrichment.kafka, topic, f"reprocess-{settings.schema}")


def shadow_sinks(settings: ReprocessSettings, usage: MediaUsageSettings) -> MediaUsageSinks:
    """The live job's statements, in the schema of this run."""
    separator = "&" if "?" in usage.billing_jdbc_url else "?"
    url = f"{usage.billing_jdbc_url}{separator}currentSchema={settings.schema}"
    return jdbc_sinks(replace(usage, billing_jdbc_url=url))


def _payload() -> Any:
    return Types.PRIMITIVE_ARRAY(Types.BYTE())
