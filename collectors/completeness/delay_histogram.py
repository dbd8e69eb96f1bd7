"""A Prometheus histogram that takes the delays of many events at once: the client's own takes one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from collectors.batches.event_times import DELAY_BOUNDS_S, EventTimes
from schemas.metrics.metric import Metric

_BOUNDS: Final = (*(str(float(bound)) for bound in DELAY_BOUNDS_S), "+Inf")


class DelayHistogram(Collector):
    """Delays by source, in seconds, since the start of the process."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._metric = metric
        self._by_source: defaultdict[str, EventTimes] = defaultdict(EventTimes)
        registry.register(self)

    def add(self, source_id: str, events: EventTimes) -> None:
        """Count the events of a delivery."""
        self._by_source[source_id].merge(events)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The one family, as the registry asks for it."""
        family = HistogramMetricFamily(self._metric.name, self._metric.meaning, labels=self._metric.labels)
        for source_id, events in self._by_source.items():
            buckets = list(zip(_BOUNDS, map(float, events.within), strict=True))
            family.add_metric([source_id], buckets, events.delay_sum_ms / 1_000)
        yield family
