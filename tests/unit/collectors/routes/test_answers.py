"""Every row of the table of answers in docs/collectors/answers.md, against a collector that runs."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec
import pytest
from confluent_kafka import KafkaError

from collectors.limits.pace import Pace
from collectors.routes import refusals
from collectors.routes.keys import INTAKE, PUBLISHER, SOURCES, STATUS_CREDENTIALS
from collectors.routes.refusals import Refusal
from collectors.settings import ConnectionLimits
from collectors.sources import Sources
from collectors.trust.credentials import Credentials, hash_of
from tests.support.http_world import BEARER, SECRET, Serve, World, serving

PAGE: Final = Path(__file__).parents[4] / "docs" / "collectors" / "answers.md"
LINE: Final = json.dumps(
    {
        "ClientRequestMethod": "GET",
        "ClientRequestPath": "/vod/a/1.ts",
        "EdgeEndTimestamp": 1_795_417_200_000_000_000,
        "EdgeResponseBodyBytes": 1,
        "EdgeResponseStatus": 200,
    }
).encode()
CHALLENGE: Final = "GET /.well-known/fastly/logging/challenge"


class Row(NamedTuple):
    """What tells one row of the table from the others."""

    request: str
    status: str
    reason: str


def documented() -> list[Row]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("|")
    ]
    return [Row(*row[:3]) for row in cells if len(row) == 6 and row[0] not in {"request", "---"}]


@pytest.fixture
def serve(collector_type: Any) -> Serve:
    """Serve a collector with limits of some sizes."""
    return partial(serving, collector_type)


async def post(world: World, source: str = "cloudflare", data: Any = LINE, **options: Any) -> aiohttp.ClientResponse:
    return await world.post(source, data, **options)


def with_source(source_id: str, **different: Any) -> Callable[[Any], None]:
    """A collector of this source alone, which differs from the one of that id."""

    def prepare(collector: Any) -> None:
        source = collector.app[SOURCES].http(source_id)
        collector.app[SOURCES] = Sources([replace(source, **different)])

    return prepare


async def accepted(serve: Serve) -> None:
    async with serve() as world:
        answer = await post(world, data=LINE + b"\nno JSON\n" + LINE)
        assert (answer.status, await answer.read()) == (200, b"")
        assert world.outcome("cloudflare", "accepted") == 1
        assert sum(len(batch.records) for batch in world.collector.producer.batches()) == 2
        assert [letter.payload for letter in world.collector.producer.dead_letters()] == [b"no JSON"]


async def probe(serve: Serve) -> None:
    async with serve() as world:
        assert (await post(world, data=b"")).status == 200
        assert (await post(world, data=gzip.compress(b'{"content":"tests"}'))).status == 200
        assert world.outcome("cloudflare", "probe") == 2
        assert world.collector.producer.sent == []


async def invalid_body(serve: Serve) -> None:
    bodies = {
        "corrupt": b"\x1f\x8bno gzip",
        "cut off": gzip.compress(LINE)[:-3],
        "double": gzip.compress(gzip.compress(LINE)),
    }
    async with serve() as world:
        for name, body in bodies.items():
            assert (await post(world, data=body)).status == 400, name
        assert (await post(world, "cloudfront", data=b"no envelope")).status == 400
        assert (world.outcome("cloudflare", "invalid-body"), world.outcome("cloudfront", "invalid-body")) == (3, 1)
        assert world.collector.producer.sent == []


async def too_large_for_firehose(serve: Serve) -> None:
    async with serve(max_body_bytes=1_000) as world:
        answer = await post(world, "cloudfront", data=b"x" * 1_001, headers={"X-Amz-Firehose-Request-Id": "r-1"})
        assert (answer.status, (await answer.json())["requestId"]) == (400, "r-1")
        assert world.outcome("cloudfront", "too-large") == 1


async def unauthorized(serve: Serve) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    async with serve() as world:
        known, unknown = await post(world, headers=wrong), await post(world, "nobody")
        assert (known.status, await known.text()) == (unknown.status, await unknown.text())
        assert known.status == 401
        assert (world.outcome("cloudflare", "unauthorized"), world.outcome("-", "unauthorized")) == (1, 1)


async def too_slow(serve: Serve) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(30)

    async with serve(body_timeout_s=0.05) as world:
        assert (await post(world, data=endless())).status == 408
        assert world.outcome("cloudflare", "too-slow") == 1


async def too_large(serve: Serve) -> None:
    async with serve(max_body_bytes=10_000, max_decompressed_bytes=20_000) as world:
        assert (await post(world, data=b"x" * 10_001)).status == 413
        assert (await post(world, data=gzip.compress(b"x" * 20_001))).status == 413
        assert world.outcome("cloudflare", "too-large") == 2
    async with serve(max_ratio=1) as world:
        assert (await post(world, data=gzip.compress(bytes(2 * 1024 * 1024)))).status == 413


async def rate_limited(serve: Serve) -> None:
    # A burst of one line, and then none for ten seconds.
    async with serve(prepare=with_source("cloudflare", pace=Pace(max_lines_per_s=0.1, clock=lambda: 0.0))) as world:
        assert (await post(world, data=b"\n".join([LINE] * 3))).status == 200
        answer = await post(world)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "20")
        assert world.outcome("cloudflare", "rate-limited") == 1
    firehose = msgspec.json.encode({"requestId": "r-1", "timestamp": 1, "records": [{"data": "YQo="}] * 3})
    async with serve(prepare=with_source("cloudfront", pace=Pace(max_lines_per_s=0.1, clock=lambda: 0.0))) as world:
        assert (await post(world, "cloudfront", data=firehose)).status == 200
        answer = await post(world, "cloudfront", data=firehose, headers={"X-Amz-Firehose-Request-Id": "r-1"})
        assert (answer.status, (await answer.json())["requestId"]) == (429, "r-1")


async def fault(serve: Serve) -> None:
    class Broken:
        needs_kafka = True

        async def accept(self, *_: object) -> None:
            raise RuntimeError(SECRET)

    async with serve() as world:
        world.collector.app._state[INTAKE] = Broken()
        answer = await post(world)
        assert answer.status == 500
        assert SECRET not in await answer.text()
        assert world.collector.budget.used == 0


async def kafka_unavailable(serve: Serve) -> None:
    async with serve() as world:
        world.collector.producer.error = KafkaError(KafkaError._MSG_TIMED_OUT)
        answer = await post(world)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert world.outcome("cloudflare", "kafka-unavailable") == 1


async def keys_unavailable(serve: Serve) -> None:
    # The header of an identity token whose key nobody has asked for yet; its issuer is not there.
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30.c2lnbmF0dXJl"

    def prepare(collector: Any) -> None:
        identity = collector.app[SOURCES].http("google").credentials.identities[0]
        elsewhere = Credentials(identities=(replace(identity, keys_url="http://127.0.0.1:9/keys"),))
        with_source("google", credentials=elsewhere)(collector)

    async with serve(prepare=prepare) as world:
        answer = await post(world, "google", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")


async def overloaded(serve: Serve) -> None:
    async with serve(memory=len(LINE)) as world:
        answer = await post(world, data=LINE + b"\n" + LINE)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert world.outcome("cloudflare", "overloaded") == 1
        assert (await post(world)).status == 200


async def not_http(serve: Serve) -> None:
    async with serve() as world:
        for request in (
            b"no HTTP at all\r\n\r\n",
            b"GET /healthz?%s HTTP/1.1\r\n\r\n" % (b"x" * 8_200),
            b"GET /healthz HTTP/1.1\r\nX-A: %s\r\n\r\n" % (b"x" * 8_200),
            b"GET /healthz HTTP/1.1\r\n%s\r\n" % (b"X-A: a\r\n" * 129),
        ):
            assert (await world.raw(request)).startswith(b"HTTP/1.0 400 "), request[:40]
        longest = b"GET /healthz HTTP/1.1\r\nHost: c\r\nConnection: close\r\nX-A: %s\r\n\r\n" % (b"x" * 8_180)
        assert (await world.raw(longest)).startswith(b"HTTP/1.1 200 ")


async def no_such_path(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/v1")).status == 404


async def wrong_method(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/v1/logs/cloudflare")).status == 405


async def strange_expectation(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/healthz", headers={"Expect": "miracles"})).status == 417


async def too_many_connections(serve: Serve) -> None:
    async with serve(connections=ConnectionLimits(max_connections=0)) as world:
        answer = await world.get("/healthz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert world.metric("collector_refused_connections_total", source="-", reason="too-many") == 1


async def slow_header(serve: Serve) -> None:
    async with serve(connections=ConnectionLimits(header_timeout_s=0.1)) as world:
        assert await world.raw(b"GET /healthz HTTP/1.1\r\n") == b""
        assert world.metric("collector_refused_connections_total", source="-", reason="slow-header") == 1


async def idle(serve: Serve) -> None:
    async with serve(connections=ConnectionLimits(idle_timeout_s=0.1)) as world:
        assert (await world.raw(b"GET /healthz HTTP/1.1\r\nHost: c\r\n\r\n")).endswith(b"\r\n\r\nok\n")


async def healthy(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/healthz")).status == 200


async def unhealthy(serve: Serve) -> None:
    async with serve() as world:
        world.collector.app[PUBLISHER].fatal.set_result("fenced")
        assert (await world.get("/healthz")).status == 503


async def ready(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/readyz")).status == 200


async def not_ready(serve: Serve) -> None:
    async with serve() as world:
        world.collector.producer.metadata_error = KafkaError(KafkaError._TRANSPORT)
        assert (await world.get("/readyz")).status == 503


async def metrics(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/metrics")).status == 200


async def status(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/v1/status")).status == 200


async def status_of_no_number(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/v1/status?minutes=few")).status == 400


def with_status_token(collector: Any) -> None:
    collector.app[STATUS_CREDENTIALS] = Credentials(hashes=(hash_of(SECRET),))


async def status_without_token(serve: Serve) -> None:
    async with serve(prepare=with_status_token) as world:
        assert (await world.get("/v1/status")).status == 401
        assert (await world.get("/v1/status", headers=BEARER)).status == 200


async def status_from_elsewhere(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/v1/status", headers={"X-Forwarded-For": "203.0.113.24"})).status == 403


async def challenge(serve: Serve) -> None:
    async with serve() as world:
        assert (await world.get("/.well-known/fastly/logging/challenge")).status == 200


async def challenge_of_none(serve: Serve) -> None:
    async with serve(prepare=with_source("cloudflare")) as world:
        assert (await world.get("/.well-known/fastly/logging/challenge")).status == 404


Case = Callable[[Serve], Awaitable[None]]
CASES: Final[dict[Row, Case]] = {
    Row("POST", "200", "accepted"): accepted,
    Row("POST", "200", "probe"): probe,
    Row("POST", "400", "invalid-body"): invalid_body,
    Row("POST", "400", "too-large"): too_large_for_firehose,
    Row("POST", "401", "unauthorized"): unauthorized,
    Row("POST", "408", "too-slow"): too_slow,
    Row("POST", "413", "too-large"): too_large,
    Row("POST", "429", "rate-limited"): rate_limited,
    Row("POST", "500", "-"): fault,
    Row("POST", "503", "kafka-unavailable"): kafka_unavailable,
    Row("POST", "503", "keys-unavailable"): keys_unavailable,
    Row("POST", "503", "overloaded"): overloaded,
    Row("any", "400", "not-http"): not_http,
    Row("any", "404", "-"): no_such_path,
    Row("any", "405", "-"): wrong_method,
    Row("any", "417", "-"): strange_expectation,
    Row("any", "503", "too-many"): too_many_connections,
    Row("any", "closed", "slow-header"): slow_header,
    Row("any", "closed", "idle"): idle,
    Row("GET /healthz", "200", "-"): healthy,
    Row("GET /healthz", "503", "-"): unhealthy,
    Row("GET /readyz", "200", "-"): ready,
    Row("GET /readyz", "503", "-"): not_ready,
    Row("GET /metrics", "200", "-"): metrics,
    Row("GET /v1/status", "200", "-"): status,
    Row("GET /v1/status", "400", "-"): status_of_no_number,
    Row("GET /v1/status", "401", "-"): status_without_token,
    Row("GET /v1/status", "403", "-"): status_from_elsewhere,
    Row(CHALLENGE, "200", "-"): challenge,
    Row(CHALLENGE, "404", "-"): challenge_of_none,
}


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert documented() == list(CASES)


def test_every_refusal_is_documented() -> None:
    known = [refusal for refusal in vars(refusals).values() if isinstance(refusal, Refusal)]
    assert {("POST", str(refusal.status), refusal.reason) for refusal in known} <= set(documented())


@pytest.mark.parametrize("row", documented(), ids=" ".join)
async def test_the_answer_is_as_documented(row: Row, serve: Serve) -> None:
    await CASES[row](serve)
