"""A real Prometheus scrapes a whole stack: every query of the dashboard has an answer, and the fuse rings."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator

import pytest
import yaml

from local.ports import LOOPBACK, free_base
from local.service import SERVERS
from local.settings import ROOT, Settings
from local.stack import Stack
from ops.monitoring.dashboard import ROWS
from schemas.batch import hour_of
from schemas.metrics.registry import SERIES
from tests.e2e.bill import of_hours
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.waiting import until
from tests.support import prometheus
from tests.support.batches import HOUR_MS
from tests.support.prometheus import Prometheus

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.release,
    pytest.mark.skipif(prometheus.BINARY is None, reason="needs prometheus (Debian package prometheus)"),
]

ALERTS = ROOT / "k8s" / "monitoring" / "alerts.yaml"
FILM = Film(asset_id="trailer", environment_id="acme")
#: It is billed as soon as a line of it arrives: the watermark is past its end, and the horizon far away.
HOUR = hour_of(time.time_ns() // 1_000_000) - 5 * HOUR_MS
COLLECTORS = 2
#: Two whole segments, posted to each collector.
BILLED_MS = 2 * 4_004 * COLLECTORS
#: Records of one source after which the fuse judges: more than the healthy part of the test sends.
FUSE_WINDOW = 1_000
FIELDS = {"end_time": "time", "method": "method", "path": "path", "status": "status", "body_bytes": "bytes"}
#: One source by HTTP, and one by UDP, whose drops can be counted.
SOURCES = {
    "sources": [
        {"id": name, "cdn": "generic", "listener": listener, "options": {"time_unit": "s", "fields": FIELDS}}
        for name, listener in (("edge", {"type": "http"}), ("edge-udp", {"type": "syslog-udp", "port": 0}))
    ]
}

#: Queries of the dashboard that no series answers in a healthy stack.
NEEDS_A_FAULT = {"Dropped and lost: Kafka: {{error}}": "needs a Kafka that takes a message too late"}
#: Metrics that nothing counts in a healthy stack without a spool, TLS and syslog over TCP.
NOT_SEEN = {
    "collector_kafka_failures_total": "needs a Kafka that takes a message too late",
    "collector_refused_connections_total": "needs a connection that is refused",
    "collector_signing_key_fetches_total": "needs a source with identity tokens",
    "collector_spool_deliveries": "needs a spool",
    "collector_spool_refused_deliveries_total": "needs a spool that is full",
    "collector_spool_replayed_deliveries_total": "needs a spool",
    "collector_spooled_deliveries_total": "needs a spool",
    "collector_syslog_bad_frames_total": "needs syslog over TCP with a broken frame",
    "collector_syslog_connections": "needs syslog over TCP",
    "collector_syslog_lost_lines_total": "needs a shutdown without Kafka",
    "pipeline_job_failed_seconds": "needs a job that has failed",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that is watched, with both jobs, and lines of every kind that they can meet."""
    folder = tmp_path_factory.mktemp("monitoring")
    sources = folder / "sources.yaml"
    sources.write_text(yaml.safe_dump(SOURCES))
    settings = Settings(
        state=folder / "state",
        port_base=free_base(),
        sources_file=sources,
        collectors=COLLECTORS,
        collector_environ={"COLLECTOR_HEARTBEAT_INTERVAL_S": "1"},
    )
    with Stack(settings, SERVERS | {"exporter"}) as running:
        register(running.assets_dsn, FILM)
        Pipeline(running, environ={"ENRICHMENT_FUSE_WINDOW": str(FUSE_WINDOW)}).start()
        post(
            running,
            [line(FILM.path("1080p", 1)), line(FILM.path("720p", 2)), line("/vod/nobody/1080p/segment-1.ts"), "?"],
        )
        bill = of_hours(running.billing_dsn, HOUR, 1)
        until(lambda: sum(row.delivered_ms for row in bill.rows()) == BILLED_MS, "the film is on the bill")
        yield running


@pytest.fixture(scope="module")
def watching(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped every target."""
    ports = stack.settings.ports
    each = range(stack.settings.taskmanagers)
    targets = {
        "collectors": [f"{LOOPBACK}:{ports.collector_http(n)}" for n in range(stack.settings.collectors)],
        "flink": [f"{LOOPBACK}:{port}" for port in (ports.jobmanager_metrics, *map(ports.taskmanager_metrics, each))],
        "exporter": [f"{LOOPBACK}:{ports.exporter}"],
    }
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus.running(folder, free_base(), targets, ALERTS) as started:
        until(lambda: answers(started), "Prometheus has scraped everything")
        yield started


def answers(started: Prometheus) -> bool:
    try:
        targets = started.targets()
    except OSError:
        return False
    return bool(targets) and all(target["health"] == "up" for target in targets)


def line(path: str) -> str:
    return json.dumps({"time": HOUR // 1_000 + 60, "method": "GET", "path": path, "status": 200, "bytes": 500_000})


def post(stack: Stack, lines: list[str]) -> None:
    """Post them to each collector. A line of its own makes another delivery of it: the same one would count once."""
    for number, url in enumerate(stack.collector_urls):
        body = "\n".join([*lines, line(f"/favicon-{number}.ico")]).encode()
        request = urllib.request.Request(f"{url}/v1/logs/edge", body, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


def test_every_query_of_the_dashboard_has_an_answer(watching: Prometheus) -> None:
    queries = {
        f"{panel.title}: {query.legend}": query.expr for row in ROWS for panel in row.panels for query in panel.queries
    }

    def unanswered() -> set[str]:
        return {name for name, expression in queries.items() if not watching.query(expression)}

    until(lambda: unanswered() <= set(NEEDS_A_FAULT), f"series for all but {sorted(NEEDS_A_FAULT)}")


def test_every_metric_of_the_registry_is_scraped_under_its_name(watching: Prometheus) -> None:
    until(lambda: set(SERIES) - watching.names() <= set(NOT_SEEN), f"all but {sorted(NOT_SEEN)}")


def test_every_alert_can_be_evaluated_and_none_fires(watching: Prometheus) -> None:
    until(lambda: {rule["health"] for rule in watching.rules()} == {"ok"}, "every rule was evaluated")
    assert watching.firing() == set()


def test_figures_are_those_of_the_bill(watching: Prometheus) -> None:
    (billed,) = watching.query("billing_delivered_seconds")
    assert (billed["metric"]["environment"], billed["value"][1]) == ("acme", str(BILLED_MS / 1_000))
    (unresolved,) = watching.query('sum(billing_records{outcome="unresolved-unknown-asset"})')
    assert unresolved["value"][1] == str(COLLECTORS)


def test_a_fuse_that_blows_rings(stack: Stack, watching: Prometheus) -> None:
    post(stack, [line(f"/vod/nobody/1080p/segment-{number}.ts") for number in range(FUSE_WINDOW)])
    until(lambda: "FuseBlown" in watching.firing(), "the alert fires")
    (failed,) = watching.query('pipeline_job_failed_seconds{cause="FuseBlown"}')
    assert failed["metric"]["job_name"] == "enrichment"
