"""The enrichment stage with everything opened, as on a TaskManager, and what it says of paths."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2

from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.stage import EnrichmentStage
from jobs.enrichment.wiring import open_stage
from schemas.batch import hour_of
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.support.batches import batch, delivery

_POLL_S = 0.02


@contextmanager
def opened(settings: EnrichmentSettings, waiting: Callable[[], None] = lambda: None) -> Iterator[EnrichmentStage]:
    """A stage, closed in the end."""
    stage = open_stage(settings, waiting)
    try:
        yield stage
    finally:
        stage.close()


def enriched(stage: EnrichmentStage, *paths: str) -> AccessLogBatch:
    """What the stage makes of a batch of whole deliveries of these paths, received now."""
    now_ms = time.time_ns() // 1_000_000
    made = batch([delivery(path) for path in paths], hour_ms=hour_of(now_ms), published_at_ms=now_ms)
    return AccessLogBatch.FromString(stage.process(made.SerializeToString(), now_ms).value)


def durations(stage: EnrichmentStage, *paths: str) -> list[int]:
    """The media durations that a batch of whole deliveries of these paths gets; 0 where one is unresolved."""
    return [record.media_duration_ms for record in enriched(stage, *paths).records]


def change_assets(dsn: str, statement: str) -> None:
    """Change the asset database, and commit."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def until(condition: Callable[[], bool], deadline_s: float = 20) -> None:
    """Wait until the condition holds. Raises TimeoutError."""
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"not within {deadline_s:.0f} s")
        time.sleep(_POLL_S)
