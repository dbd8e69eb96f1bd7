"""What abuse brings into logs, metrics and answers: nothing of what was sent."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

SECRET = "a-secret-of-acme-1234"
WRONG = "a-wrong-guess-of-mallory"
ADDRESS = "203.0.113.24"
SIGNATURE = "hdnts=exp-1795420000-hmac-5ca1ab1e"
LINE = json.dumps(
    {
        "ClientIP": ADDRESS,
        "ClientRequestMethod": "GET",
        "ClientRequestPath": "/vod/a/1.ts",
        "ClientRequestURI": f"/vod/a/1.ts?{SIGNATURE}",
        "EdgeEndTimestamp": 1_795_417_200_000_000_000,
        "EdgeResponseBodyBytes": 1,
        "EdgeResponseStatus": 200,
    }
).encode()
TEXT = f"{ADDRESS} {SIGNATURE} {SECRET}".encode()
#: Whatever of these shows anywhere is a leak. The last is this machine's, from which the tests post.
PRIVATE = (SECRET, WRONG, ADDRESS, SIGNATURE, "5ca1ab1e", "127.0.0.1")

BODIES = {
    "good": LINE,
    "no JSON": TEXT,
    "JSON of other types": json.dumps({"ClientIP": [ADDRESS], "EdgeResponseStatus": SIGNATURE}).encode(),
    "bad gzip": b"\x1f\x8b" + TEXT,
    "cut gzip": gzip.compress(TEXT)[:-4],
    "double gzip": gzip.compress(gzip.compress(TEXT)),
    "cut zstd": zstandard.compress(TEXT)[:-1],
    "bad snappy": b"\xff\x06\x00\x00sNaPpY" + TEXT,
    "too large": LINE * 100,
    "broken envelope": b'{"requestId":"' + TEXT + b'","records":[{"data":1}]}',
    "envelope without id": b'{"message":{"data":"' + base64.b64encode(TEXT) + b'"}}',
    "not UTF-8": b"\xff\xfe" + TEXT,
}
REQUESTS = {
    "bearer": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "url": {"params": {"token": SECRET}},
    "wrong bearer": {"headers": {"Authorization": f"Bearer {WRONG}"}},
    "wrong basic": {"headers": {"Authorization": f"Basic {base64.b64encode(WRONG.encode()).decode()}"}},
    "wrong url": {"params": {"token": WRONG, "also": SIGNATURE}},
    "forwarded": {"headers": {"X-Forwarded-For": ADDRESS, "X-Collector-Token": WRONG}},
}
RAW = {
    "no HTTP": TEXT,
    "bad header": b"POST /v1/logs/cloudflare HTTP/1.1\r\nAuthorization Bearer " + TEXT,
    "bad version": b"GET /?token=%s HTTP/9.z" % WRONG.encode(),
    "long URL": b"GET /?token=%s HTTP/1.1" % (WRONG.encode() * 1_000),
    "strange expectation": b"GET /healthz HTTP/1.1\r\nHost: c\r\nExpect: " + TEXT,
    "unknown path": b"GET /%s HTTP/1.1\r\nHost: c" % WRONG.encode(),
}


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    # What asyncio itself says at the lowest level is not on in production.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.INFO, logger="asyncio"):
        yield


async def shown(collector: Any, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that an operator, or a console, can see."""
    pages = [await collector.client.get(path) for path in ("/metrics", "/v1/status", "/readyz", "/healthz")]
    return "\n".join([caplog.text, *[await page.text() for page in pages]])


def assert_discreet(text: str) -> None:
    assert [private for private in PRIVATE if private in text] == []


@pytest.mark.parametrize("source", ["cloudflare", "cloudfront", "media", "open", "nobody", f"x-{WRONG}"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_nothing_of_a_request_shows(
    start: Any, caplog: pytest.LogCaptureFixture, source: str, request_: dict[str, Any]
) -> None:
    collector = await start(max_body_bytes=5_000)
    for body in BODIES.values():
        answer = await collector.client.post(f"/v1/logs/{source}", data=body, **request_)
        assert_discreet(await answer.text() + str(answer.headers))
    assert_discreet(await shown(collector, caplog))


async def test_nothing_shows_while_kafka_takes_nothing(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    collector = await start()
    collector.producer.room = 0
    answer = await collector.client.post("/v1/logs/open", data=LINE)
    assert answer.status == 503
    assert_discreet(await answer.text() + await shown(collector, caplog))


@pytest.mark.parametrize("request_", RAW.values(), ids=RAW)
async def test_nothing_shows_of_what_is_no_request(
    collector: Any, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    reader, writer = await asyncio.open_connection(collector.client.host, collector.client.port)
    writer.write(request_ + b"\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.")
    writer.close()
    assert_discreet(await shown(collector, caplog))


async def test_nothing_shows_of_a_fault_of_ours(
    collector: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"{SECRET} of {ADDRESS}")

    monkeypatch.setattr("collectors.intake.parse_block", fail)
    answer = await collector.client.post(f"/v1/logs/open?token={SECRET}", data=LINE)
    assert answer.status == 500
    assert "a request failed: RuntimeError" in caplog.text
    assert_discreet(await answer.text() + await shown(collector, caplog))
