"""The metrics of a collector, as schemas/metrics/collectors.py defines them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from collectors.completeness.delay_histogram import DelayHistogram
from schemas.metrics import collectors as defined
from schemas.metrics.metric import Metric


class Metrics:
    """The metrics of one collector, in a registry of their own. `cdns`: the CDN of each source that it knows."""

    def __init__(self, cdns: Mapping[str, str] = MappingProxyType({})) -> None:
        self.registry = CollectorRegistry()
        self.source_info = self._gauge(defined.SOURCE_INFO)
        for source_id, cdn in cdns.items():
            self.source_info.labels(source_id, cdn).set(1)
        self.ready = self._gauge(defined.READY)
        self.deliveries = self._counter(defined.DELIVERIES)
        self.lines = self._counter(defined.LINES)
        self.rejected = self._counter(defined.REJECTED)
        self.body_bytes = self._counter(defined.BODY_BYTES)
        self.newest_event = self._gauge(defined.NEWEST_EVENT)
        self.event_delay = DelayHistogram(defined.EVENT_DELAY, self.registry)
        self.last_delivery = self._gauge(defined.LAST_DELIVERY)
        self.silent = self._gauge(defined.SILENT)
        self.in_flight_bytes = self._gauge(defined.IN_FLIGHT_BYTES)
        self.acknowledgement = self._histogram(defined.ACKNOWLEDGEMENT)
        self.kafka_failures = self._counter(defined.KAFKA_FAILURES)
        self.heartbeats = self._counter(defined.HEARTBEATS)
        self.signing_key_fetches = self._counter(defined.SIGNING_KEY_FETCHES)
        self.syslog_connections = self._gauge(defined.SYSLOG_CONNECTIONS)
        self.syslog_bad_frames = self._counter(defined.SYSLOG_BAD_FRAMES)
        self.syslog_dropped_datagrams = self._counter(defined.SYSLOG_DROPPED_DATAGRAMS)
        self.refused_connections = self._counter(defined.REFUSED_CONNECTIONS)
        self.syslog_lost_lines = self._counter(defined.SYSLOG_LOST_LINES)
        self.spooled = self._counter(defined.SPOOLED)
        self.spool_replayed = self._counter(defined.SPOOL_REPLAYED)
        self.spool_deliveries = self._gauge(defined.SPOOL_DELIVERIES)
        self.spool_bytes = self._gauge(defined.SPOOL_BYTES)
        self.spool_oldest_age = self._gauge(defined.SPOOL_OLDEST_AGE)
        self.spool_refused = self._counter(defined.SPOOL_REFUSED)
        self.spool_torn_records = self._counter(defined.SPOOL_TORN_RECORDS)
        self.spool_damaged_segments = self._gauge(defined.SPOOL_DAMAGED_SEGMENTS)

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.meaning, metric.labels, registry=self.registry)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.name, metric.meaning, metric.labels, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(metric.name, metric.meaning, metric.labels, registry=self.registry)
