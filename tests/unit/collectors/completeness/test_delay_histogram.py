"""Delays of whole deliveries as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from collectors.batches.event_times import DELAY_BOUNDS_S, EventTimes
from collectors.completeness.delay_histogram import DelayHistogram
from schemas.metrics.metric import Metric

NOW = 1_795_417_260_000
DELAY = Metric(
    name="delay_seconds", kind="histogram", unit="seconds", labels=("source",), meaning="How late.", remedy="Wait."
)


def test_deliveries_add_up_by_source() -> None:
    registry = CollectorRegistry()
    histogram = DelayHistogram(DELAY, registry)
    for source_id, delays_ms in (("acme", [0, 45_000]), ("other", [500]), ("acme", [200_000_000])):
        events = EventTimes()
        events.add(NOW, [NOW - delay_ms for delay_ms in delays_ms])
        histogram.add(source_id, events)

    def bucket(source_id: str, bound: str) -> float | None:
        return registry.get_sample_value("delay_seconds_bucket", {"source": source_id, "le": bound})

    assert [bucket("acme", bound) for bound in ("1.0", "30.0", "60.0", "172800.0", "+Inf")] == [1, 1, 2, 2, 3]
    assert [bucket("other", bound) for bound in ("1.0", "+Inf")] == [1, 1]
    assert registry.get_sample_value("delay_seconds_sum", {"source": "acme"}) == 200_045
    assert registry.get_sample_value("delay_seconds_count", {"source": "acme"}) == 3


def test_a_histogram_without_events_has_a_head_only() -> None:
    registry = CollectorRegistry()
    DelayHistogram(DELAY, registry)
    assert generate_latest(registry).decode().splitlines() == [
        "# HELP delay_seconds How late.",
        "# TYPE delay_seconds histogram",
    ]


def test_every_source_has_a_bucket_for_every_bound() -> None:
    registry = CollectorRegistry()
    histogram = DelayHistogram(DELAY, registry)
    histogram.add("acme", EventTimes())
    text = generate_latest(registry).decode()
    assert text.count('delay_seconds_bucket{le="') == len(DELAY_BOUNDS_S) + 1
