"""Metrics of `python -m ops.exporter`: what only the billing database, Kafka and Flink's REST API know.

They are read at intervals. What could not be read at the last try is absent, never an old value.
"""

from __future__ import annotations

from typing import Final

from schemas.metrics.metric import Metric

READING_UP: Final = Metric(
    name="exporter_reading_up",
    kind="gauge",
    unit="0 or 1",
    labels=("reading",),
    meaning="1 if the last reading of `billing`, `audit`, `topics` or `failures` succeeded; absent before the first.",
    remedy="0: the exporter's log says why; billing and audit ask Postgres, topics Kafka, failures Flink's REST API.",
)
READ_AT: Final = Metric(
    name="exporter_reading_finished_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("reading",),
    meaning="When the reading last succeeded.",
    remedy="Stands still: the reading fails, or takes longer than it used to.",
)
WATERMARK: Final = Metric(
    name="billing_watermark_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("job_name",),
    meaning="How far the job has seen event time, as it last stored it: hours before are on the bill.",
    remedy="More than four hours behind: see the runbook of WatermarkStuck.",
)
DELIVERED: Final = Metric(
    name="billing_delivered_seconds",
    kind="gauge",
    unit="seconds",
    labels=("environment",),
    meaning="Media delivered in the last 24 hours, as billed so far.",
    remedy="Falls to nothing for all: look up the pipeline, from the collectors on. For one: ask the customer.",
)
OUTCOMES: Final = Metric(
    name="billing_records",
    kind="gauge",
    unit="records",
    labels=("outcome",),
    meaning="Records of the last 24 hours in the ledger, by what the billing rule made of them.",
    remedy="unresolved-* grows: see `unresolved_assets`. Another outcome jumps: a CDN or a player has changed.",
)
UNRESOLVED_ASSETS: Final = Metric(
    name="billing_unresolved_assets",
    kind="gauge",
    unit="assets",
    meaning="Assets of the last 24 hours that were requested and could not be resolved.",
    remedy="Register them, then reprocess their hours once they are settled.",
)
REJECTED: Final = Metric(
    name="billing_rejected_lines",
    kind="gauge",
    unit="lines",
    labels=("source", "reason"),
    meaning="Lines of the last 24 hours that became dead letters, as the ledger accounts for them.",
    remedy="Read the dead letters; once the parser can, replay them (docs/operations/dead-letters.md).",
)
NEWEST_HOUR: Final = Metric(
    name="billing_source_newest_hour_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("source",),
    meaning="Start of the newest hour that the ledger has of a source.",
    remedy="Falls behind the others: that CDN delivers late, or not at all.",
)
LEDGER_DELAY: Final = Metric(
    name="billing_ledger_delay_seconds",
    kind="gauge",
    unit="seconds",
    labels=("source", "quantile"),
    meaning="From a batch's receipt by a collector to its row in the ledger: median and 99th percentile of 24 hours.",
    remedy="Beyond a few checkpoint intervals: lag, or failing checkpoints, of one of the jobs.",
)
AUDIT_DIFFERENCES: Final = Metric(
    name="billing_audit_differences",
    kind="gauge",
    unit="differences",
    labels=("check",),
    meaning="Differences that the last audit found, by its check.",
    remedy="Above zero: run `python -m ops.audit`, which names each, and heal it as docs/operations/audit.md says.",
)
AUDIT_COMPARED: Final = Metric(
    name="billing_audit_compared",
    kind="gauge",
    unit="rows",
    labels=("check",),
    meaning="How much the last audit compared, by its check: batches, hours, late batches, collectors' sources.",
    remedy="Zero for days: no hour is settled, so the watermark stands still.",
)
END_OFFSET: Final = Metric(
    name="pipeline_topic_end_offset",
    kind="gauge",
    unit="offset",
    labels=("topic", "partition"),
    meaning="Offset of the next message of a partition.",
    remedy="Stands still in raw: no collector reaches Kafka, for heartbeats come every 15 s.",
)
STABLE_OFFSET: Final = Metric(
    name="pipeline_topic_stable_offset",
    kind="gauge",
    unit="offset",
    labels=("topic", "partition"),
    meaning="Offset before which every transaction has ended: read_committed consumers come so far (Kafka's LSO).",
    remedy="Stands still behind the end: a transaction was left open; see the runbook of LingeringTransaction.",
)
JOB_FAILED: Final = Metric(
    name="pipeline_job_failed_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("job_name", "cause"),
    meaning="Newest failure of a job by its cause: FuseBlown, LookupUnavailable, BuildMismatch, other.",
    remedy="The exception itself: Flink's web interface, the job's page, Exceptions.",
)

EXPORTER: Final = (
    READING_UP,
    READ_AT,
    WATERMARK,
    DELIVERED,
    OUTCOMES,
    UNRESOLVED_ASSETS,
    REJECTED,
    NEWEST_HOUR,
    LEDGER_DELAY,
    AUDIT_DIFFERENCES,
    AUDIT_COMPARED,
    END_OFFSET,
    STABLE_OFFSET,
    JOB_FAILED,
)
