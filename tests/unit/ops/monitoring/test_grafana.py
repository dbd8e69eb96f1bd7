"""The JSON of a dashboard."""

from __future__ import annotations

import json

from ops.monitoring.grafana import Panel, Query, Row, model

STAT = Panel(
    title="Tea", meaning="Cups.", unit="short", kind="stat", width=4, red_from=3, queries=(Query("tea", "{{cup}}"),)
)
GRAPH = Panel(title="Milk", meaning="Drops.", unit="ops", width=16, queries=(Query("a", "A"), Query("b", "B")))


def places(rows: list[Row]) -> list[tuple[str, int, int, int, int]]:
    panels = json.loads(model("T", "t", rows))["panels"]
    return [(p["title"], *(p["gridPos"][key] for key in "xywh")) for p in panels]


def test_a_stat_is_written_whole() -> None:
    row, panel = json.loads(model("Tea time", "tea", [Row(title="Kitchen", panels=(STAT,))]))["panels"]
    datasource = {"type": "prometheus", "uid": "${datasource}"}
    assert (row["type"], row["title"], row["id"]) == ("row", "Kitchen", 1)
    assert panel == {
        "id": 2,
        "type": "stat",
        "title": "Tea",
        "description": "Cups.",
        "datasource": datasource,
        "gridPos": {"x": 0, "y": 1, "w": 4, "h": 4},
        "targets": [
            {
                "refId": "A",
                "datasource": datasource,
                "expr": "tea",
                "legendFormat": "{{cup}}",
                "editorMode": "code",
                "range": True,
            }
        ],
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"color": "green", "value": None}, {"color": "red", "value": 3}],
                },
            },
            "overrides": [],
        },
        "options": {
            "colorMode": "value",
            "graphMode": "area",
            "reduceOptions": {"calcs": ["lastNotNull"], "values": False},
        },
    }


def test_a_dashboard_asks_the_prometheus_that_its_reader_chooses() -> None:
    made = json.loads(model("Tea time", "tea", []))
    assert (made["title"], made["uid"], made["schemaVersion"]) == ("Tea time", "tea", 39)
    assert [(each["name"], each["type"]) for each in made["templating"]["list"]] == [("datasource", "datasource")]


def test_queries_of_a_panel_have_letters_of_their_own() -> None:
    panel = json.loads(model("T", "t", [Row(title="R", panels=(GRAPH,))]))["panels"][1]
    assert [(target["refId"], target["expr"]) for target in panel["targets"]] == [("A", "a"), ("B", "b")]


def test_panels_stand_side_by_side_while_there_is_room_and_rows_below_each_other() -> None:
    assert places([Row(title="One", panels=(STAT, GRAPH, GRAPH)), Row(title="Two", panels=(STAT,))]) == [
        ("One", 0, 0, 24, 1),
        ("Tea", 0, 1, 4, 4),
        ("Milk", 4, 1, 16, 8),
        ("Milk", 0, 9, 16, 8),
        ("Two", 0, 17, 24, 1),
        ("Tea", 0, 18, 4, 4),
    ]
