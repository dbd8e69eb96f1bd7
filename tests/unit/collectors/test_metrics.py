"""The registry and what a collector exports agree."""

from __future__ import annotations

from prometheus_client import generate_latest

from collectors.metrics import Metrics
from schemas.metrics.collectors import COLLECTORS


def test_what_is_exported_is_what_the_registry_says() -> None:
    exported = {family.name: (family.type, family.documentation) for family in Metrics().registry.collect()}
    assert exported == {metric.name: (metric.kind, metric.meaning) for metric in COLLECTORS}


def test_two_collectors_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.lines.labels("acme").inc()
    assert b'collector_lines_total{source="acme"} 1.0' in generate_latest(one.registry)
    assert b"collector_lines_total{" not in generate_latest(other.registry)


def test_every_source_is_exported_with_its_cdn_before_it_has_sent_anything() -> None:
    metrics = Metrics({"acme": "fastly", "acme-edge": "generic"})
    exported = generate_latest(metrics.registry).decode()
    assert [line for line in exported.splitlines() if line.startswith("collector_source_info{")] == [
        'collector_source_info{cdn="fastly",source="acme"} 1.0',
        'collector_source_info{cdn="generic",source="acme-edge"} 1.0',
    ]
