"""Entry point: `flink run -pym jobs.enrichment`, settings from variables `ENRICHMENT_*`."""

from __future__ import annotations

import os

from pyflink.datastream import StreamExecutionEnvironment

from jobs.enrichment.job import build, kafka_sinks, kafka_source
from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import settings_from
from jobs.flink.checks import check_enrichment


def main() -> None:
    settings = settings_from(EnrichmentSettings, "ENRICHMENT_", os.environ)
    env = StreamExecutionEnvironment.get_execution_environment()
    check_enrichment(env, settings)
    env.set_parallelism(settings.parallelism)
    build(env, settings, kafka_source(settings), kafka_sinks(settings))
    env.execute("enrichment")


if __name__ == "__main__":
    main()
