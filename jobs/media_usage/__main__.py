"""Entry point: `flink run -pym jobs.media_usage`, settings from variables `MEDIA_USAGE_*`."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pyflink.datastream import StreamExecutionEnvironment

from jobs.environment import settings_from
from jobs.flink.checks import check_media_usage
from jobs.media_usage import partitions
from jobs.media_usage.job import build, jdbc_sinks, kafka_source
from jobs.media_usage.settings import MediaUsageSettings


def main() -> None:
    settings = settings_from(MediaUsageSettings, "MEDIA_USAGE_", os.environ)
    env = StreamExecutionEnvironment.get_execution_environment()
    check_media_usage(env, settings)
    partitions.ensure(settings, datetime.now(UTC).date())
    env.set_parallelism(settings.parallelism)
    build(env, settings, kafka_source(settings), jdbc_sinks(settings))
    env.execute("media-usage")


if __name__ == "__main__":
    main()
