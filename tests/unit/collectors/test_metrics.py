"""The catalogue of metrics and what is exported agree."""

from __future__ import annotations

from prometheus_client import generate_latest

from collectors.metrics import CATALOGUE, Metrics


def test_what_is_exported_is_what_the_catalogue_says() -> None:
    exported = {family.name: (family.type, family.documentation) for family in Metrics().registry.collect()}
    assert exported == {metric.name: (metric.kind, metric.meaning) for metric in CATALOGUE}


def test_every_metric_says_what_to_do() -> None:
    assert all(metric.remedy.endswith(".") and metric.meaning.endswith(".") for metric in CATALOGUE)


def test_two_collectors_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.lines.labels("acme").inc()
    assert b'collector_lines_total{source="acme"} 1.0' in generate_latest(one.registry)
    assert b"collector_lines_total{" not in generate_latest(other.registry)
