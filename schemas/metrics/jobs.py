"""Counters of the jobs' own operators, at the /metrics of each TaskManager.

Counters only: a Python gauge in thread mode kills the TaskManager (jobs/flink/totals.py).
"""

from __future__ import annotations

from typing import Final

from schemas.metrics.metric import FlinkMetric, Unit


def _counter(name: str, unit: Unit, meaning: str, remedy: str) -> FlinkMetric:
    return FlinkMetric(
        scope="taskmanager_job_task_operator",
        name=name,
        kind="counter",
        unit=unit,
        labels=("job_name", "operator_name"),
        meaning=meaning,
        remedy=remedy,
    )


RECORDS: Final = _counter(
    "records",
    "records",
    "Log lines that the job has processed: enriched, or tallied.",
    "Stands still: see the job's restarts, its lag and, for enrichment, asset_lookup_wait_ms.",
)

UNRESOLVED: Final = _counter(
    "unresolved",
    "records",
    "Records of media whose asset or segment nobody knows: billed only once it is known, by reprocess.",
    "Ask `unresolved_assets` of the billing database; all sources at once: the asset database, or the path patterns.",
)
DEAD_LETTERS: Final = _counter(
    "dead_letters",
    "messages",
    "Messages of raw that break the batch contract: written to the dead-letter topic.",
    "Somebody else writes to raw, or a collector of another release: read the dead letters of stage enrichment.",
)
CACHE_HITS: Final = _counter(
    "asset_cache_hits",
    "assets",
    "Assets found in the process' own cache, each once a batch.",
    "The share of hits falls: more assets are asked for than ENRICHMENT_ASSET_CACHE_ENTRIES holds.",
)
CACHE_MISSES: Final = _counter(
    "asset_cache_misses",
    "assets",
    "Assets that Redis, or else the database, was asked for.",
    "Grows fast for long: see asset_cache_hits; after a start it is normal.",
)
CACHE_SPARES_USED: Final = _counter(
    "asset_cache_spares_used",
    "assets",
    "Assets served from an entry past its time to live, while the asset database does not answer.",
    "Grows: mend the asset database; assets that nobody has cached make the job wait.",
)
INVALIDATIONS: Final = _counter(
    "asset_invalidations",
    "assets",
    "Announcements of changed assets that were received.",
    "Stands still although assets change: Redis, or whoever announces changes (docs/operations/assets.md).",
)
REDIS_HITS: Final = _counter(
    "asset_redis_hits",
    "assets",
    "Assets found in Redis.",
    "Falls to zero with asset_cache_misses growing: Redis was flushed, or is away.",
)
REDIS_ERRORS: Final = _counter(
    "asset_redis_errors",
    "requests",
    "Requests to Redis that failed; the asset database is asked instead.",
    "Mend Redis: the job goes on, with more queries.",
)
REDIS_WAIT: Final = _counter(
    "asset_redis_wait_ms",
    "milliseconds",
    "Time in which somebody waited for Redis.",
    "Grows faster than a tenth of the clock: Redis is slow or far away.",
)
DATABASE_QUERIES: Final = _counter(
    "asset_database_queries",
    "queries",
    "Queries of the asset database.",
    "Grows with the traffic instead of with new assets: Redis is away, or times to live are too short.",
)
DATABASE_QUERIED_ASSETS: Final = _counter(
    "asset_database_queried_assets",
    "assets",
    "Assets that these queries asked for.",
    "As asset_database_queries.",
)
DATABASE_FAILED_QUERIES: Final = _counter(
    "asset_database_failed_queries",
    "queries",
    "Queries that failed or took longer than ENRICHMENT_DATABASE_TIMEOUT_S.",
    "Mend the asset database; what nobody has cached makes the job wait, and nothing is lost.",
)
DATABASE_WAIT: Final = _counter(
    "asset_database_wait_ms",
    "milliseconds",
    "Time in which somebody waited for the asset database, another process' reading included.",
    "Grows as fast as the clock: the asset database is slow or away.",
)
LOOKUP_WAIT: Final = _counter(
    "asset_lookup_wait_ms",
    "milliseconds",
    "Time in which the task itself waited for an asset, and enriched nothing.",
    "Grows as fast as the clock: the job stands still until the asset database answers.",
)
REPEATED_LINES: Final = _counter(
    "repeated_lines",
    "lines",
    "Lines that a source had sent before in another delivery, recognised and counted once.",
    "Jumps: the CDN has delivered a stretch of its log again; nothing to do.",
)
BEYOND_ALLOWED_LATENESS: Final = _counter(
    "beyond_allowed_lateness",
    "messages",
    "On-time batches that came after their window was gone: their hour lacks them, or raw was produced again.",
    "Above zero breaks the batch contract: ask the audit for the hours of the log, and find out who wrote them.",
)

JOBS: Final = (
    RECORDS,
    UNRESOLVED,
    DEAD_LETTERS,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_SPARES_USED,
    INVALIDATIONS,
    REDIS_HITS,
    REDIS_ERRORS,
    REDIS_WAIT,
    DATABASE_QUERIES,
    DATABASE_QUERIED_ASSETS,
    DATABASE_FAILED_QUERIES,
    DATABASE_WAIT,
    LOOKUP_WAIT,
    REPEATED_LINES,
    BEYOND_ALLOWED_LATENESS,
)
