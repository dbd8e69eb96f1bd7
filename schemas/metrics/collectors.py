"""Metrics of a collector, at its /metrics.

Labels are source ids and short stable words, never a path, address or secret.
"""

from __future__ import annotations

from typing import Final

from schemas.metrics.metric import Metric

SOURCE_INFO: Final = Metric(
    name="collector_source_info",
    kind="gauge",
    unit="0 or 1",
    labels=("source", "cdn"),
    meaning="1 for every source that this collector knows; tells its CDN.",
    remedy="None by itself; joined to the others it adds the CDN to their sources.",
)
READY: Final = Metric(
    name="collector_ready",
    kind="gauge",
    unit="0 or 1",
    meaning="1 if the last question to /readyz was answered with 200; 0 before the first.",
    remedy="0: the answer of /readyz says why: Kafka does not answer, or its clock and the collector's differ.",
)
DELIVERIES: Final = Metric(
    name="collector_deliveries",
    kind="counter",
    unit="deliveries",
    labels=("source", "outcome"),
    meaning="Deliveries by outcome: accepted, probe, or the reason of the refusal.",
    remedy="kafka-unavailable, overloaded: look at Kafka. Others: the sender's configuration.",
)
LINES: Final = Metric(
    name="collector_lines",
    kind="counter",
    unit="lines",
    labels=("source",),
    meaning="Lines of accepted deliveries.",
    remedy="Stands still: the sender is silent or refused; see collector_deliveries.",
)
REJECTED: Final = Metric(
    name="collector_rejected_lines",
    kind="counter",
    unit="lines",
    labels=("source", "reason"),
    meaning="Lines of accepted deliveries that became dead letters.",
    remedy="Read the dead letters of that source: its format or its clock has changed.",
)
BODY_BYTES: Final = Metric(
    name="collector_body_bytes",
    kind="counter",
    unit="bytes",
    labels=("source",),
    meaning="Decompressed bytes of accepted deliveries.",
    remedy="None by itself; the base of capacity planning.",
)
NEWEST_EVENT: Final = Metric(
    name="collector_newest_event_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("source",),
    meaning="Newest event time seen, seconds since the epoch.",
    remedy="Falls behind: the CDN delivers late; beyond 48 h its data becomes corrections.",
)
EVENT_DELAY: Final = Metric(
    name="collector_event_delay_seconds",
    kind="histogram",
    unit="seconds",
    labels=("source",),
    meaning="Age of the events of accepted deliveries when they arrived, 1 s to 48 h.",
    remedy="Grows: the CDN delivers later than it did; look at its log delivery, and at refused deliveries.",
)
LAST_DELIVERY: Final = Metric(
    name="collector_last_delivery_seconds",
    kind="gauge",
    unit="seconds since the epoch",
    labels=("source",),
    meaning="Arrival of the last promised delivery, seconds since the epoch; before the first, the process's start.",
    remedy="Stands still on all collectors: the source is silent; see docs/collectors/completeness.md.",
)
SILENT: Final = Metric(
    name="collector_source_silent",
    kind="gauge",
    unit="0 or 1",
    labels=("source",),
    meaning="1 if this collector has promised nothing for longer than the source's silent_after_s.",
    remedy="1 on all collectors (min by source): ask with python -m ops.sources, then look at the CDN.",
)
IN_FLIGHT_BYTES: Final = Metric(
    name="collector_in_flight_bytes",
    kind="gauge",
    unit="bytes",
    meaning="Bytes between arrival and Kafka's acknowledgement.",
    remedy="Near COLLECTOR_MEMORY_LIMIT_BYTES: Kafka is slow, or more collectors are needed.",
)
ACKNOWLEDGEMENT: Final = Metric(
    name="collector_acknowledgement_seconds",
    kind="histogram",
    unit="seconds",
    meaning="Time from a delivery's acceptance to Kafka's last acknowledgement.",
    remedy="Grows: Kafka is slow or the collector has no CPU left.",
)
KAFKA_FAILURES: Final = Metric(
    name="collector_kafka_failures",
    kind="counter",
    unit="messages",
    labels=("error",),
    meaning="Messages that Kafka did not take in time, by librdkafka's error name.",
    remedy="Brokers, network, ACLs, topic settings, in this order.",
)
HEARTBEATS: Final = Metric(
    name="collector_heartbeat_rounds",
    kind="counter",
    unit="rounds",
    labels=("outcome",),
    meaning="Rounds of heartbeats, one message a raw partition.",
    remedy="failed grows: hours without traffic do not close; look at Kafka.",
)
SIGNING_KEY_FETCHES: Final = Metric(
    name="collector_signing_key_fetches",
    kind="counter",
    unit="fetches",
    labels=("outcome",),
    meaning="Fetches of the public keys that identity tokens are verified with: fetched or failed.",
    remedy="failed grows: the collector cannot reach oidc.keys_url; after a day its senders are refused with 503.",
)
SYSLOG_CONNECTIONS: Final = Metric(
    name="collector_syslog_connections",
    kind="gauge",
    unit="connections",
    labels=("source",),
    meaning="Open syslog connections.",
    remedy="Zero: the sender cannot connect or has stopped.",
)
SYSLOG_BAD_FRAMES: Final = Metric(
    name="collector_syslog_bad_frames",
    kind="counter",
    unit="frames",
    labels=("source", "reason"),
    meaning="Syslog frames that are no line: too-long, unauthorized, no-room, cut-off by the end of the connection.",
    remedy="The sender's framing or token; cut-off frames point to resets between sender and collector.",
)
SYSLOG_DROPPED_DATAGRAMS: Final = Metric(
    name="collector_syslog_dropped_datagrams",
    kind="counter",
    unit="datagrams",
    labels=("source", "reason"),
    meaning="UDP messages that were lost: kernel (its buffer was full), rate, address, unauthorized.",
    remedy="kernel: raise net.core.rmem_max, add collectors, look at Kafka. rate: the source's max_*_per_s.",
)
REFUSED_CONNECTIONS: Final = Metric(
    name="collector_refused_connections",
    kind="counter",
    unit="connections",
    labels=("source", "reason"),
    meaning="Connections closed before anything was taken (too-many, address, certificate, slow-header); HTTP is `-`.",
    remedy="too-many: raise the limit or add collectors. Others: the sender's configuration, or somebody else's scan.",
)
SYSLOG_LOST_LINES: Final = Metric(
    name="collector_syslog_lost_lines",
    kind="counter",
    unit="lines",
    labels=("source",),
    meaning="Lines given up at shutdown, because Kafka did not take them before the drain timeout.",
    remedy="Above zero is lost data: reconcile that source with the CDN's own usage report.",
)
SPOOLED: Final = Metric(
    name="collector_spooled_deliveries",
    kind="counter",
    unit="deliveries",
    labels=("source",),
    meaning="Deliveries that were promised on the strength of the spool's disk.",
    remedy="Grows: Kafka does not take what arrives; mend it before the spool is full.",
)
SPOOL_REPLAYED: Final = Metric(
    name="collector_spool_replayed_deliveries",
    kind="counter",
    unit="deliveries",
    labels=("source",),
    meaning="Spooled deliveries that Kafka has acknowledged.",
    remedy="Stands still while collector_spool_deliveries is above zero: see collector_kafka_failures.",
)
SPOOL_DELIVERIES: Final = Metric(
    name="collector_spool_deliveries",
    kind="gauge",
    unit="deliveries",
    labels=("source",),
    meaning="Deliveries that wait in the spool.",
    remedy="Above zero with Kafka well: look at collector_kafka_failures; keep the disk until it is zero.",
)
SPOOL_BYTES: Final = Metric(
    name="collector_spool_bytes",
    kind="gauge",
    unit="bytes",
    meaning="Bytes of the spool's segments on the disk.",
    remedy="Near COLLECTOR_SPOOL_MAX_BYTES: new deliveries will get 503; mend Kafka, or give it a larger disk.",
)
SPOOL_OLDEST_AGE: Final = Metric(
    name="collector_spool_oldest_age_seconds",
    kind="gauge",
    unit="seconds",
    meaning="Age of the oldest delivery that waits in the spool; 0 while none waits.",
    remedy="Beyond 48 h its lines are billed as corrections: mend Kafka, or what it refuses, before.",
)
SPOOL_REFUSED: Final = Metric(
    name="collector_spool_refused_deliveries",
    kind="counter",
    unit="deliveries",
    labels=("reason",),
    meaning="Deliveries that neither Kafka nor the spool took (full, disk): answered with 503, nothing promised.",
    remedy="full: mend Kafka or raise the spool's limits. disk: read the log, replace the disk.",
)
SPOOL_TORN_RECORDS: Final = Metric(
    name="collector_spool_torn_records",
    kind="counter",
    unit="records",
    meaning="Records that the start found cut off at the end of the spool: never acknowledged, and removed.",
    remedy="One after a crash is normal. Without a crash before it: replace the disk.",
)
SPOOL_DAMAGED_SEGMENTS: Final = Metric(
    name="collector_spool_damaged_segments",
    kind="gauge",
    unit="segments",
    meaning="Segments of the spool with a stretch that cannot be read; the rest of them is replayed.",
    remedy="Above zero is lost data: reconcile with the CDN's report, keep the *.damaged file, replace the disk.",
)

COLLECTORS: Final = (
    SOURCE_INFO,
    READY,
    DELIVERIES,
    LINES,
    REJECTED,
    BODY_BYTES,
    NEWEST_EVENT,
    EVENT_DELAY,
    LAST_DELIVERY,
    SILENT,
    IN_FLIGHT_BYTES,
    ACKNOWLEDGEMENT,
    KAFKA_FAILURES,
    HEARTBEATS,
    SIGNING_KEY_FETCHES,
    SYSLOG_CONNECTIONS,
    SYSLOG_BAD_FRAMES,
    SYSLOG_DROPPED_DATAGRAMS,
    REFUSED_CONNECTIONS,
    SYSLOG_LOST_LINES,
    SPOOLED,
    SPOOL_REPLAYED,
    SPOOL_DELIVERIES,
    SPOOL_BYTES,
    SPOOL_OLDEST_AGE,
    SPOOL_REFUSED,
    SPOOL_TORN_RECORDS,
    SPOOL_DAMAGED_SEGMENTS,
)
