"""Firehose's form of request and answer."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from tests.support.fake_kafka import TIMED_OUT

ID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"
KEY = {"X-Amz-Firehose-Access-Key": "a-secret-of-acme-1234", "X-Amz-Firehose-Request-Id": ID}
NOW = 1_795_417_260_000
LINE = {"date": "2026-11-23", "time": "07:00:00", "sc-status": "200", "sc-bytes": "1500", "cs-uri-stem": "/a"}


def request(*payloads: bytes, request_id: str = ID) -> bytes:
    records = [{"data": base64.b64encode(data).decode()} for data in payloads]
    return json.dumps({"requestId": request_id, "timestamp": 1578090901599, "records": records}).encode()


TWO = (json.dumps(LINE).encode() * 2, b"", json.dumps(LINE).encode() + b"\n")


@pytest.mark.parametrize("body", [request(*TWO), gzip.compress(request(*TWO))], ids=["plain", "gzip"])
async def test_success_is_200_with_id_time_and_length(collector: Any, body: bytes) -> None:
    answer = await collector.client.post("/v1/logs/cloudfront", data=body, headers=KEY)
    text = await answer.read()
    assert (answer.status, json.loads(text)) == (200, {"requestId": ID, "timestamp": NOW})
    assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("application/json", str(len(text)))
    assert "Content-Encoding" not in answer.headers
    (made,) = collector.producer.batches()
    assert (made.header.delivery_id, [record.line for record in made.records]) == (ID, [0, 1, 2])


async def test_the_request_id_is_the_identity_whatever_the_bytes(collector: Any) -> None:
    for body in (request(*TWO), request(*TWO).replace(b": ", b":")):
        await collector.client.post("/v1/logs/cloudfront", data=body, headers=KEY)
    first, second = collector.producer.batches()
    assert first.header.batch_id == second.header.batch_id


async def test_a_request_without_records_is_fine(collector: Any) -> None:
    answer = await collector.client.post("/v1/logs/cloudfront", data=request(), headers=KEY)
    assert answer.status == 200
    assert collector.producer.sent == []


@pytest.mark.parametrize(
    ("body", "limits", "status", "message"),
    [
        (b"[]", {}, 400, "the body is not what its framing promises"),
        (request(request_id=""), {}, 400, "the body is not what its framing promises"),
        (request(request_id="x" * 129), {}, 400, "the body is not what its framing promises"),
        (request(b"x" * 5_000), {"max_body_bytes": 1_000}, 400, "the body exceeds a limit of size or ratio"),
        (
            gzip.compress(request(b"x" * 5_000)),
            {"max_decompressed_bytes": 1_000},
            400,
            "the body exceeds a limit of size or ratio",
        ),
    ],
    ids=["no request", "no id", "an id too long", "too large", "too large once decompressed"],
)
async def test_a_refusal_is_in_firehoses_form_and_never_413(
    start: Any, body: bytes, limits: dict[str, int], status: int, message: str
) -> None:
    collector = await start(**limits)
    answer = await collector.client.post("/v1/logs/cloudfront", data=body, headers=KEY)
    assert (answer.status, await answer.json()) == (
        status,
        {"requestId": ID, "timestamp": NOW, "errorMessage": message},
    )


async def test_kafka_away_is_503_in_firehoses_form(collector: Any) -> None:
    collector.producer.error = TIMED_OUT
    answer = await collector.client.post("/v1/logs/cloudfront", data=request(*TWO), headers=KEY)
    assert answer.status == 503
    assert (await answer.json())["errorMessage"] == "the log store did not acknowledge"
