"""GET /video/v1/openapi.json: the API described in OpenAPI 3.1, from the same types and tables that it is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from aiohttp import web

from console.api import delivery_usage
from console.api.parameters import Parameter
from console.api.reports import DeliveryUsage, HourlyUsage, Problem

_REFERENCE: Final = "#/components/schemas/{name}"
_REFUSALS: Final = {
    "400": "A parameter is wrong; `detail` says which.",
    "401": "No valid token.",
    "403": "The token does not see the environment.",
    "429": "The token asks too often; `Retry-After` says how long to wait.",
    "503": "The database does not answer in time; `Retry-After` says when to try again.",
}
_DESCRIPTION: Final = (
    "What was delivered, hour by hour in UTC. Amounts are exact: integers of milliseconds, and decimals of seconds with"
    " three places. `settled` amounts change by corrections only; `on-time` ones may still grow until the hour settles;"
    " those of an hour that is not over are `provisional`; `correction` is what came beyond the billing horizon."
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One path, which is only ever read."""

    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    #: None: a CSV file.
    answer: type[msgspec.Struct] | None


OPERATIONS: Final = (
    Operation(
        path="/video/v1/delivery-usage",
        summary="Usage by asset, the most delivered first",
        parameters=delivery_usage.BY_ASSET,
        answer=DeliveryUsage,
    ),
    Operation(
        path="/video/v1/delivery-usage/hours",
        summary="Usage by hour, in order",
        parameters=delivery_usage.BY_HOUR,
        answer=HourlyUsage,
    ),
    Operation(
        path="/video/v1/delivery-usage.csv",
        summary="Every row of the bill as CSV",
        parameters=delivery_usage.BY_ROW,
        answer=None,
    ),
)


async def get_document(_: web.Request) -> web.Response:
    """The document, which is for everybody: it names no customer."""
    return web.Response(body=text(), content_type="application/json")


@cache
def text() -> bytes:
    """The document as JSON."""
    return json.dumps(build(), indent=2).encode()


def build() -> dict[str, Any]:
    """The document."""
    answers = [operation.answer for operation in OPERATIONS if operation.answer is not None]
    _, components = msgspec.json.schema_components([*answers, Problem], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Delivery usage", "version": "1.0.0", "description": _DESCRIPTION},
        "paths": {operation.path: {"get": _operation(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": _as_written(components),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The password is the token."},
            },
        },
        "security": [{"bearer": []}, {"basic": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    answer = {"description": "The usage.", "content": _content(operation.answer)}
    return {
        "summary": operation.summary,
        "operationId": operation.path.rpartition("/video/v1/")[2].replace("/", "-").replace(".", "-"),
        "parameters": list(_parameters(operation.parameters)),
        "responses": {"200": answer, **{status: _refusal(reason) for status, reason in _REFUSALS.items()}},
    }


def _parameters(known: Iterable[Parameter]) -> Iterable[dict[str, Any]]:
    for parameter in known:
        yield {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }


def _content(answer: type[msgspec.Struct] | None) -> Mapping[str, Any]:
    if answer is None:
        return {"text/csv": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(name=answer.__name__)}}}


def _refusal(reason: str) -> Mapping[str, Any]:
    schema = {"$ref": _REFERENCE.format(name=Problem.__name__)}
    return {"description": reason, "content": {"application/problem+json": {"schema": schema}}}


def _as_written(value: Any) -> Any:
    """A schema with decimals as the numbers that reports.py writes, where msgspec describes its default, texts."""
    if isinstance(value, dict):
        described = {name: _as_written(each) for name, each in value.items()}
        if described.get("format") == "decimal":
            del described["format"]
            described["type"] = "number"
        return described
    return [_as_written(each) for each in value] if isinstance(value, list) else value
