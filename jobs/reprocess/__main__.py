"""Entry point of the bounded job; settings from `REPROCESS_*`, `ENRICHMENT_*` and `MEDIA_USAGE_*`."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from pyflink.datastream import StreamExecutionEnvironment

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import settings_from
from jobs.flink.checks import check_execution_mode, check_object_reuse, flink_facts
from jobs.media_usage.settings import MediaUsageSettings
from jobs.reprocess.job import build, kafka_source, shadow_sinks
from jobs.reprocess.settings import ReprocessSettings


def main() -> None:
    settings = settings_from(ReprocessSettings, "REPROCESS_", os.environ)
    enrichment = settings_from(EnrichmentSettings, "ENRICHMENT_", os.environ)
    enrichment = replace(enrichment, assets_read_since_ms=time.time_ns() // 1_000_000)
    usage = settings_from(MediaUsageSettings, "MEDIA_USAGE_", os.environ)
    env = StreamExecutionEnvironment.get_execution_environment()
    check_execution_mode(flink_facts(env), "reprocess")
    check_object_reuse(flink_facts(env), "reprocess")
    env.set_parallelism(usage.parallelism)
    build(env, settings, enrichment, usage, kafka_source(settings, enrichment), shadow_sinks(settings, usage))
    env.execute(f"reprocess {settings.schema}")


if __name__ == "__main__":
    main()
