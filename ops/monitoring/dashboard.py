"""The dashboard: what an operator looks at first, from the bill back to the CDNs.

Every metric is one of the registry (schemas/metrics); a test holds the queries to it, and another asks them of a
Prometheus that scrapes the local stack.
"""

from __future__ import annotations

from typing import Final

from ops.monitoring.grafana import Panel, Query, Row, model

#: Where Flink's reporter puts what operators count.
_OPERATOR: Final = "flink_taskmanager_job_task_operator"
#: The sinks with transactions: Postgres' have committers too, which have nothing to commit.
_KAFKA: Final = '{job_name="enrichment"}'
#: Looks back far enough for Flink, whose values some exporters scrape but once a minute.
_RATE: Final = "5m"


def _rate(series: str, by: str) -> str:
    return f"sum by ({by}) (rate({series}[{_RATE}]))"


def _by_cdn(series: str) -> str:
    """What a counter of sources grows by in a second, by CDN."""
    return (
        f"sum by (cdn) (sum by (source) (rate({series}[{_RATE}])) "
        "* on (source) group_left (cdn) max by (source, cdn) (collector_source_info))"
    )


def _quantile(quantile: str, histogram: str, by: str) -> str:
    grouped = f"{by}, le" if by else "le"
    return f"histogram_quantile({quantile}, sum by ({grouped}) (rate({histogram}_bucket[{_RATE}])))"


def _ms_age(series: str) -> str:
    """Seconds since a moment that Flink tells in milliseconds. Before there is one, Flink tells a negative number."""
    return f"time() - ({series} > 0) / 1000"


_BILL: Final = Row(
    title="The bill",
    panels=(
        Panel(
            title="Watermark behind",
            meaning="Three hours are normal: so long the windows wait for what is out of order.",
            unit="s",
            kind="stat",
            width=4,
            red_from=4 * 3600,
            queries=(Query('time() - max(billing_watermark_seconds{job_name="media_usage"})', "behind"),),
        ),
        Panel(
            title="Audit differences",
            meaning="Of the settled hours that the exporter audits. Anything but 0 is an alert.",
            unit="short",
            kind="stat",
            width=4,
            red_from=1,
            queries=(Query("sum(billing_audit_differences)", "differences"),),
        ),
        Panel(
            title="Unresolved",
            meaning="Share of the last 24 hours' records whose asset nobody knows.",
            unit="percentunit",
            kind="stat",
            width=4,
            red_from=0.01,
            queries=(
                Query(
                    '(sum(billing_records{outcome=~"unresolved-.*"}) or vector(0)) / sum(billing_records)', "unresolved"
                ),
            ),
        ),
        Panel(
            title="Silent sources",
            meaning="Sources that no collector has heard of for longer than their silent_after_s.",
            unit="short",
            kind="stat",
            width=4,
            red_from=1,
            queries=(Query("sum(min by (source) (collector_source_silent))", "silent"),),
        ),
        Panel(
            title="Collectors ready",
            meaning="Collectors that take deliveries.",
            unit="short",
            kind="stat",
            width=4,
            queries=(Query("sum(collector_ready)", "ready"),),
        ),
        Panel(
            title="Jobs running",
            meaning="Two are normal.",
            unit="short",
            kind="stat",
            width=4,
            queries=(Query("count(flink_jobmanager_job_runningTime > 0) or vector(0)", "running"),),
        ),
        Panel(
            title="Billed minutes of the last 24 hours, by environment",
            meaning="As billed so far: the youngest hours still grow.",
            unit="m",
            width=12,
            queries=(Query("sum by (environment) (billing_delivered_seconds) / 60", "{{environment}}"),),
        ),
        Panel(
            title="Audit: differences and what was compared",
            meaning="By check. Compared nothing: no hour is settled yet.",
            unit="short",
            width=12,
            queries=(
                Query("max by (check) (billing_audit_differences)", "different: {{check}}"),
                Query("max by (check) (billing_audit_compared)", "compared: {{check}}"),
            ),
        ),
    ),
)

_INGEST: Final = Row(
    title="Ingest",
    panels=(
        Panel(
            title="Lines a second, by CDN",
            meaning="Of accepted deliveries.",
            unit="ops",
            queries=(Query(_by_cdn("collector_lines_total"), "{{cdn}}"),),
        ),
        Panel(
            title="Bytes a second, by CDN",
            meaning="Decompressed, of accepted deliveries.",
            unit="Bps",
            queries=(Query(_by_cdn("collector_body_bytes_total"), "{{cdn}}"),),
        ),
        Panel(
            title="Deliveries a second, by outcome",
            meaning="Anything but accepted and probe is a refusal: nothing was promised.",
            unit="ops",
            queries=(Query(_rate("collector_deliveries_total", "outcome"), "{{outcome}}"),),
        ),
        Panel(
            title="Delay of events on arrival, by source",
            meaning="Half and 99 % of the events were younger. Beyond 48 h after its hour a batch is a correction.",
            unit="s",
            queries=(
                Query(_quantile("0.5", "collector_event_delay_seconds", "source"), "{{source}} p50"),
                Query(_quantile("0.99", "collector_event_delay_seconds", "source"), "{{source}} p99"),
            ),
        ),
        Panel(
            title="Since the last delivery, by source",
            meaning="On whichever collector it came.",
            unit="s",
            queries=(Query("time() - max by (source) (collector_last_delivery_seconds)", "{{source}}"),),
        ),
        Panel(
            title="Dead letters of collectors a second",
            meaning="Lines that could not be read, by source and reason.",
            unit="ops",
            queries=(Query(_rate("collector_rejected_lines_total", "source, reason"), "{{source}}: {{reason}}"),),
        ),
        Panel(
            title="Acknowledgement by Kafka",
            meaning="From a delivery's acceptance to Kafka's last acknowledgement, on all collectors.",
            unit="s",
            queries=(
                Query(_quantile("0.5", "collector_acknowledgement_seconds", ""), "p50"),
                Query(_quantile("0.99", "collector_acknowledgement_seconds", ""), "p99"),
            ),
        ),
        Panel(
            title="In flight, and in the spool",
            meaning="Bytes of each collector: in memory until Kafka acknowledges, on disk while it does not.",
            unit="bytes",
            queries=(
                Query("collector_in_flight_bytes", "{{instance}} in flight"),
                Query("collector_spool_bytes", "{{instance}} spool"),
            ),
        ),
        Panel(
            title="Dropped and lost",
            meaning="UDP datagrams dropped, and messages that Kafka did not take in time, a second.",
            unit="ops",
            queries=(
                Query(_rate("collector_syslog_dropped_datagrams_total", "source, reason"), "{{source}}: {{reason}}"),
                Query(_rate("collector_kafka_failures_total", "error"), "Kafka: {{error}}"),
            ),
        ),
    ),
)

_JOBS: Final = Row(
    title="Jobs",
    panels=(
        Panel(
            title="Records a second",
            meaning="Log lines enriched, and tallied.",
            unit="ops",
            queries=(Query(_rate(f"{_OPERATOR}_records", "job_name"), "{{job_name}}"),),
        ),
        Panel(
            title="Lag",
            meaning="Messages not read yet. Of committed data only: see open transactions too.",
            unit="short",
            queries=(Query(f"sum by (job_name) ({_OPERATOR}_pendingRecords)", "{{job_name}}"),),
        ),
        Panel(
            title="Watermark behind, by operator",
            meaning="Event time against the clock, where windows and deduplication stand.",
            unit="s",
            queries=(
                Query(
                    _ms_age(
                        "min by (operator_name) "
                        f'({_OPERATOR}_currentInputWatermark{{operator_name=~"deduplicate|recognise|hourly_window"}})'
                    ),
                    "{{operator_name}}",
                ),
                Query('time() - max(billing_watermark_seconds{job_name="media_usage"})', "as stored"),
            ),
        ),
        Panel(
            title="Restarts in an hour, and free slots",
            meaning="A job that restarts again and again gets nowhere.",
            unit="short",
            queries=(
                Query("max by (job_name) (increase(flink_jobmanager_job_numRestarts[1h]))", "{{job_name}} restarts"),
                Query("flink_jobmanager_taskSlotsAvailable", "free slots"),
            ),
        ),
        Panel(
            title="Busy and back-pressured",
            meaning="Milliseconds of each second, of the busiest task.",
            unit="ms",
            queries=(
                Query("max by (job_name) (flink_taskmanager_job_task_busyTimeMsPerSecond)", "{{job_name}} busy"),
                Query(
                    "max by (job_name) (flink_taskmanager_job_task_backPressuredTimeMsPerSecond)",
                    "{{job_name}} back-pressured",
                ),
            ),
        ),
        Panel(
            title="Sinks",
            meaning="How long a request to Kafka takes, and records that could not be written.",
            unit="ms",
            queries=(
                Query(f"max by (operator_name) ({_OPERATOR}_currentSendTime)", "{{operator_name}} ms"),
                Query(
                    f"sum by (job_name) (increase({_OPERATOR}_numRecordsOutErrors[{_RATE}])"
                    f" + increase({_OPERATOR}_numRecordsSendErrors[{_RATE}]))",
                    "{{job_name}} errors",
                ),
            ),
        ),
    ),
)

_CHECKPOINTS: Final = Row(
    title="Checkpoints and transactions",
    panels=(
        Panel(
            title="Since the last checkpoint",
            meaning="Every 5 minutes in production. Beyond 12 h a commit of enrichment may be lost.",
            unit="s",
            red_from=1800,
            queries=(
                Query(
                    _ms_age("max by (job_name) (flink_jobmanager_job_lastCheckpointCompletedTimestamp)"), "{{job_name}}"
                ),
            ),
        ),
        Panel(
            title="Duration of the last checkpoint",
            meaning="Given up after 10 minutes.",
            unit="ms",
            queries=(Query("max by (job_name) (flink_jobmanager_job_lastCheckpointDuration)", "{{job_name}}"),),
        ),
        Panel(
            title="Size of the last checkpoint",
            meaning="The whole state, however much of it was written this time.",
            unit="bytes",
            queries=(Query("max by (job_name) (flink_jobmanager_job_lastCheckpointFullSize)", "{{job_name}}"),),
        ),
        Panel(
            title="Checkpoints in an hour",
            meaning="Completed and failed.",
            unit="short",
            queries=(
                Query(
                    "max by (job_name) (increase(flink_jobmanager_job_numberOfCompletedCheckpoints[1h]))",
                    "{{job_name}} completed",
                ),
                Query(
                    "max by (job_name) (increase(flink_jobmanager_job_numberOfFailedCheckpoints[1h]))",
                    "{{job_name}} failed",
                ),
            ),
        ),
        Panel(
            title="Transactions",
            meaning="Committed in five minutes, and refused by Kafka: a refused one is lost data.",
            unit="short",
            queries=(
                Query(
                    f"sum by (operator_name) (increase({_OPERATOR}_successfulCommittables{_KAFKA}[{_RATE}]))",
                    "{{operator_name}} committed",
                ),
                Query(
                    f"max by (operator_name) (max_over_time({_OPERATOR}_failedCommittables{_KAFKA}[1h]))",
                    "{{operator_name}} refused",
                ),
            ),
        ),
        Panel(
            title="Messages behind an open transaction",
            meaning="Grows and falls with each checkpoint; what only grows lingers.",
            unit="short",
            queries=(Query("sum by (topic) (pipeline_topic_end_offset - pipeline_topic_stable_offset)", "{{topic}}"),),
        ),
    ),
)

_ASSETS: Final = Row(
    title="Assets",
    panels=(
        Panel(
            title="Cache hit ratio",
            meaning="Of assets asked for: found in the process, or in Redis at least.",
            unit="percentunit",
            queries=(
                Query(
                    f"sum(rate({_OPERATOR}_asset_cache_hits[{_RATE}]))"
                    f" / (sum(rate({_OPERATOR}_asset_cache_hits[{_RATE}]))"
                    f" + sum(rate({_OPERATOR}_asset_cache_misses[{_RATE}])))",
                    "in the process",
                ),
                Query(
                    f"sum(rate({_OPERATOR}_asset_redis_hits[{_RATE}]))"
                    f" / sum(rate({_OPERATOR}_asset_cache_misses[{_RATE}]))",
                    "misses found in Redis",
                ),
            ),
        ),
        Panel(
            title="Queries of the asset database a second",
            meaning="And the assets that they ask for, and those that fail.",
            unit="ops",
            queries=(
                Query(f"sum(rate({_OPERATOR}_asset_database_queries[{_RATE}]))", "queries"),
                Query(f"sum(rate({_OPERATOR}_asset_database_queried_assets[{_RATE}]))", "assets"),
                Query(f"sum(rate({_OPERATOR}_asset_database_failed_queries[{_RATE}]))", "failed"),
            ),
        ),
        Panel(
            title="Waiting",
            meaning="Milliseconds of each second: for Redis, for the database, and the task itself for either.",
            unit="ms",
            queries=(
                Query(f"sum(rate({_OPERATOR}_asset_redis_wait_ms[{_RATE}]))", "Redis"),
                Query(f"sum(rate({_OPERATOR}_asset_database_wait_ms[{_RATE}]))", "database"),
                Query(f"sum(rate({_OPERATOR}_asset_lookup_wait_ms[{_RATE}]))", "the task"),
            ),
        ),
        Panel(
            title="Degraded",
            meaning="Entries past their time that serve while the database is away, errors of Redis, invalidations.",
            unit="ops",
            queries=(
                Query(f"sum(rate({_OPERATOR}_asset_cache_spares_used[{_RATE}]))", "spares used"),
                Query(f"sum(rate({_OPERATOR}_asset_redis_errors[{_RATE}]))", "Redis errors"),
                Query(f"sum(rate({_OPERATOR}_asset_invalidations[{_RATE}]))", "invalidations"),
            ),
        ),
        Panel(
            title="Unresolved and dead, a second",
            meaning="As enrichment meets them. More than half of a source blows the fuse.",
            unit="ops",
            queries=(
                Query(f"sum(rate({_OPERATOR}_unresolved[{_RATE}]))", "unresolved records"),
                Query(f"sum(rate({_OPERATOR}_dead_letters[{_RATE}]))", "dead messages"),
            ),
        ),
        Panel(
            title="Repeated and refused lines, a second",
            meaning="Lines recognised as sent before; batches that came beyond the allowed lateness, an alert.",
            unit="ops",
            queries=(
                Query(f"sum(rate({_OPERATOR}_repeated_lines[{_RATE}]))", "repeated lines"),
                Query(f"sum(rate({_OPERATOR}_beyond_allowed_lateness[{_RATE}]))", "beyond lateness"),
            ),
        ),
    ),
)

_LEDGER: Final = Row(
    title="Ledger, last 24 hours",
    panels=(
        Panel(
            title="Records by outcome",
            meaning="What the billing rule made of them.",
            unit="short",
            queries=(Query("sum by (outcome) (billing_records)", "{{outcome}}"),),
        ),
        Panel(
            title="Dead letters by source and reason",
            meaning="Rejected lines, as the ledger accounts for them.",
            unit="short",
            queries=(Query("sum by (source, reason) (billing_rejected_lines)", "{{source}}: {{reason}}"),),
        ),
        Panel(
            title="Unresolved assets",
            meaning="Distinct assets that were requested and are not known.",
            unit="short",
            queries=(Query("max(billing_unresolved_assets)", "assets"),),
        ),
        Panel(
            title="From receipt to ledger, by source",
            meaning="Median and 99th percentile: the pipeline's own delay.",
            unit="s",
            queries=(Query("max by (source, quantile) (billing_ledger_delay_seconds)", "{{source}} {{quantile}}"),),
        ),
        Panel(
            title="Age of the newest billed hour, by source",
            meaning="Since the end of the newest hour that the ledger has of a source.",
            unit="s",
            queries=(Query("time() - 3600 - max by (source) (billing_source_newest_hour_seconds)", "{{source}}"),),
        ),
        Panel(
            title="Exporter",
            meaning="Seconds since each reading last succeeded.",
            unit="s",
            queries=(Query("time() - max by (reading) (exporter_reading_finished_seconds)", "{{reading}}"),),
        ),
    ),
)

ROWS: Final = (_BILL, _INGEST, _JOBS, _CHECKPOINTS, _ASSETS, _LEDGER)


def dashboard() -> str:
    """Its JSON, as k8s/monitoring/dashboard.json holds it."""
    return model("CDN usage", "cdn-usage", ROWS) + "\n"
