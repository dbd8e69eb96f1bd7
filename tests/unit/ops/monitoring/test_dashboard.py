"""The dashboard asks for what exists, and has what an operator was promised."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.monitoring.dashboard import ROWS
from ops.monitoring.grafana import Panel, Query
from schemas.metrics.registry import SERIES
from tests.support.promql import metrics_of

PANELS = [panel for row in ROWS for panel in row.panels]
QUERIES = [(panel, query) for panel in PANELS for query in panel.queries]
IDS = [f"{panel.title}: {query.legend}" for panel, query in QUERIES]
PROMTOOL = shutil.which("promtool")


@pytest.mark.parametrize(("panel", "query"), QUERIES, ids=IDS)
def test_a_query_asks_for_metrics_of_the_registry_only(panel: Panel, query: Query) -> None:
    assert metrics_of(query.expr) <= set(SERIES)
    assert metrics_of(query.expr)


@pytest.mark.parametrize(("panel", "query"), QUERIES, ids=IDS)
def test_a_legend_names_labels_that_the_query_keeps(panel: Panel, query: Query) -> None:
    named = set(re.findall(r"{{(\w+)}}", query.legend))
    grouped = re.findall(r"by \(([^)]*)\)", query.expr)
    kept = {label.strip() for group in grouped for label in group.split(",")} if grouped else {"instance"}
    assert named <= kept


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_shows(panel: Panel) -> None:
    assert panel.meaning.endswith(".")
    assert len({query.legend for query in panel.queries}) == len(panel.queries)


def test_titles_are_given_once() -> None:
    titles = [panel.title for panel in PANELS]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian package prometheus)")
def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    """As recording rules: promtool checks no bare queries."""
    rules = [{"record": f"query:{number}", "expr": query.expr} for number, (_, query) in enumerate(QUERIES)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param("collector_lines_total", id="ingest by CDN"),
        pytest.param("collector_event_delay_seconds_bucket", id="delay"),
        pytest.param("billing_watermark_seconds", id="watermark age"),
        pytest.param("flink_jobmanager_job_lastCheckpointDuration", id="checkpoint health"),
        pytest.param("flink_taskmanager_job_task_operator_asset_cache_hits", id="cache hit ratio"),
        pytest.param("flink_taskmanager_job_task_operator_asset_database_queries", id="database queries"),
        pytest.param("billing_unresolved_assets", id="unresolved"),
        pytest.param("billing_rejected_lines", id="dead letters"),
        pytest.param("billing_delivered_seconds", id="billed minutes by environment"),
        pytest.param("billing_audit_differences", id="audit differences"),
    ],
)
def test_what_an_operator_was_promised_is_there(metric: str) -> None:
    assert any(metric in metrics_of(query.expr) for _, query in QUERIES)
