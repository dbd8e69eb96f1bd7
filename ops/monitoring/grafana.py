"""A dashboard as Grafana reads it (JSON model, schema version 39: Grafana 11 and 12), from a small description.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal

#: Columns of Grafana's grid.
_COLUMNS: Final = 24
_HEIGHT: Final = {"timeseries": 8, "stat": 4}
_SCHEMA_VERSION: Final = 39
#: Whoever imports the dashboard chooses the Prometheus that it asks.
_DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

#: Units as Grafana names them.
Unit = Literal["short", "s", "ms", "m", "bytes", "Bps", "ops", "percentunit", "none"]


@dataclass(frozen=True)
class Query:
    """PromQL, and how a series of its answer is called: `{{label}}` stands for a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One graph or number. `red_from`: where its value becomes a reason to look."""

    title: str
    meaning: str
    unit: Unit
    queries: tuple[Query, ...]
    kind: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8
    red_from: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under a heading, side by side as long as there is room."""

    title: str
    panels: tuple[Panel, ...]


def model(title: str, uid: str, rows: Sequence[Row]) -> str:
    """The dashboard's JSON. `uid` is its name in links, and what an import replaces."""
    return json.dumps(
        {
            "title": title,
            "uid": uid,
            "schemaVersion": _SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "1m",
            "tags": [],
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "utc",
            "templating": {"list": [_datasource_variable()]},
            "annotations": {"list": []},
            "links": [],
            "panels": list(_panels(rows)),
        },
        indent=1,
    )


def _datasource_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}


def _panels(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    ids, y = count(1), 0
    for row in rows:
        yield {
            "id": next(ids),
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": _COLUMNS, "h": 1},
        }
        y += 1
        x = height = 0
        for panel in row.panels:
            if x + panel.width > _COLUMNS:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": panel.width, "h": _HEIGHT[panel.kind]}
            yield {"id": next(ids), "gridPos": place, **_panel(panel)}
            x, height = x + panel.width, max(height, _HEIGHT[panel.kind])
        y += height


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _DATASOURCE,
        "targets": [_target(number, query) for number, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": _thresholds(panel)}, "overrides": []},
        "options": _options(panel),
    }


def _target(number: int, query: Query) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": _DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "editorMode": "code",
        "range": True,
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    return {"mode": "absolute", "steps": steps}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {"colorMode": "value", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"], "values": False}}
    return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
