"""The description of the API: a valid one, of exactly what is served."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from console.api import document, parameters, reports
from console.api.parameters import Asked
from console.api.reports import Problem
from console.api.routes import PREFIX, add_api_routes
from console.data.usage import Asset, Certainty, Choice, Marks, Progress, Ranking, Slice, Sums
from ops.hours import HOUR, Hours

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ASKED = Asked(choice=Choice(hours=Hours(NOON, NOON + HOUR)), page=1, limit=100)
REACHED = Progress(watermark=NOON + HOUR, closed=NOON, settled=NOON - HOUR)
NOTHING = Progress(watermark=None, closed=None, settled=None)
FILM = Asset(environment_id="acme", asset_id="film", sums=Sums(20_001, 3, 900), certainties={Certainty.ON_TIME: 20_001})
RANKING = Ranking(total=FILM.sums, certainties=FILM.certainties, assets_found=1, environments=(), assets=(FILM,))
SLICES = [Slice(NOON, "1080p", Certainty.ON_TIME, FILM.sums), Slice(NOON, "1080p", Certainty.CORRECTION, Sums(1, 1, 1))]


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document.build()["components"]}


def test_its_paths_are_the_routes_that_there_are() -> None:
    app = web.Application()
    add_api_routes(app)
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(method, path) for path, item in document.build()["paths"].items() for method in item}
    assert served - described == {("get", "/video/v1/openapi.json")}
    assert described <= served
    assert all(path.startswith(PREFIX) for _, path in served)


def test_its_parameters_are_those_that_requests_are_read_by() -> None:
    for operation in document.OPERATIONS:
        described = document.build()["paths"][operation.path]["get"]["parameters"]
        assert [each["name"] for each in described] == [parameter.name for parameter in operation.parameters]
        for each in described:
            Draft202012Validator.check_schema(each["schema"])


@pytest.mark.parametrize("reached", [REACHED, NOTHING], ids=["some hours closed", "none"])
def test_a_report_by_asset_is_as_described(reached: Progress) -> None:
    report = reports.delivery_usage(ASKED, reached, RANKING, {("acme", "film"): {"up-to-720p": 20_001}}, Marks())
    written = reports.encode(report)
    Draft202012Validator(schema("DeliveryUsage")).validate(json.loads(written))
    assert b'"delivered_seconds":20.001,' in written


@pytest.mark.parametrize("reached", [REACHED, NOTHING], ids=["some hours closed", "none"])
def test_a_report_by_hour_is_as_described(reached: Progress) -> None:
    report = reports.hourly_usage(ASKED, reached, SLICES, Marks(in_doubt=frozenset({NOON})))
    Draft202012Validator(schema("HourlyUsage")).validate(json.loads(reports.encode(report)))
    assert [(row.delivered_ms, row.correction_ms, row.delivered_seconds, row.in_doubt) for row in report.data] == [
        (20_002, 1, Decimal("20.002"), True)
    ]


def test_a_schema_refuses_what_is_no_report() -> None:
    validator = Draft202012Validator(schema("DeliveryUsage"))
    report = reports.delivery_usage(ASKED, REACHED, RANKING, {("acme", "film"): {}}, Marks())
    good = json.loads(reports.encode(report))
    assert validator.is_valid(good)
    assert not validator.is_valid(good | {"total_row_count": "1"})
    assert not validator.is_valid(good | {"data": [{**good["data"][0], "delivered_ms": 1.5}]})
    assert not validator.is_valid({name: value for name, value in good.items() if name != "data"})


def test_seconds_are_numbers_and_not_text() -> None:
    properties = document.build()["components"]["schemas"]["DeliveryReport"]["properties"]
    assert properties["delivered_seconds"] == {
        "type": "number",
        "description": "Exact, with three decimal places.",
    }
    assert properties["delivered_ms"] == {"type": "integer"}


def test_problems_are_described() -> None:
    Draft202012Validator(schema(Problem.__name__)).validate({"type": "about:blank", "title": "x", "status": 400})


def test_the_document_is_json_and_says_how_to_ask() -> None:
    told = json.loads(document.text())
    assert told["openapi"] == "3.1.0"
    assert set(told["components"]["securitySchemes"]) == {"bearer", "basic"}
    limits = {each["name"]: each["schema"] for each in told["paths"]["/video/v1/delivery-usage"]["get"]["parameters"]}
    assert (limits["limit"]["maximum"], limits["limit"]["default"]) == (parameters.MOST_ROWS, 100)
    Draft202012Validator.check_schema({"components": told["components"]})


def test_it_names_no_customer_and_no_host() -> None:
    assert "servers" not in document.build()
