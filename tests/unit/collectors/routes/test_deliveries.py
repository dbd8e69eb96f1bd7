"""POST /v1/logs: what each answer promises."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import zlib
from typing import Any

import pytest
import zstandard

from collectors.parsers.cdn77 import FIELDS
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.support.fake_kafka import TIMED_OUT

SECRET = "a-secret-of-acme-1234"
BEARER = {"Authorization": f"Bearer {SECRET}"}
LINE = {
    "ClientRequestMethod": "GET",
    "ClientRequestHost": "vod.example.com",
    "ClientRequestPath": "/p/8821/v1/00042.m4s",
    "EdgeEndTimestamp": 1795417200391000000,
    "EdgeResponseBodyBytes": 834112,
    "EdgeResponseStatus": 200,
}
GOOD = json.dumps(LINE).encode()
BODY = GOOD + b"\n" + GOOD + b"\nbad\n"


def summary(batches: list[AccessLogBatch]) -> list[tuple[str, str, int, dict[str, int]]]:
    return [
        (
            made.header.source_id,
            made.header.delivery_id,
            len(made.records),
            {reason.reason: reason.count for reason in made.header.rejected},
        )
        for made in batches
    ]


EXPECTED = [("cloudflare", hashlib.sha256(BODY).hexdigest(), 2, {"bad-json": 1})]


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        gzip.compress(BODY),
        gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]),
        zstandard.compress(BODY),
        zlib.compress(BODY),
    ],
    ids=["plain", "gzip", "gzip of two members", "zstd", "deflate"],
)
@pytest.mark.parametrize("encoding", [None, "gzip"], ids=["no header", "header"])
async def test_200_means_that_kafka_has_every_line_however_it_was_packed(
    collector: Any, body: bytes, encoding: str | None
) -> None:
    headers = BEARER if encoding is None else {**BEARER, "Content-Encoding": encoding}
    answer = await collector.client.post("/v1/logs/cloudflare", data=body, headers=headers)
    assert (answer.status, await answer.read()) == (200, b"")
    assert summary(collector.producer.batches()) == EXPECTED
    assert [letter.payload for letter in collector.producer.dead_letters()] == [b"bad"]
    assert collector.outcomes() == {("cloudflare", "accepted"): 1}


async def test_there_is_no_answer_before_kafka_has_the_last_message(collector: Any) -> None:
    collector.producer.answering = False
    posting = asyncio.create_task(collector.client.post("/v1/logs/cloudflare", data=BODY, headers=BEARER))
    await asyncio.sleep(0.1)
    assert len(collector.producer.sent) == 2
    assert not posting.done()
    collector.producer.answering = True
    assert (await posting).status == 200


async def test_503_and_when_to_come_again_if_kafka_does_not_take_it(collector: Any) -> None:
    collector.producer.error = TIMED_OUT
    answer = await collector.client.post("/v1/logs/cloudflare", data=BODY, headers=BEARER)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert collector.outcomes() == {("cloudflare", "kafka-unavailable"): 1}
    collector.producer.error = None
    assert (await collector.client.post("/v1/logs/cloudflare", data=BODY, headers=BEARER)).status == 200
    first, second = collector.producer.batches()
    assert first.header.batch_id == second.header.batch_id


async def test_three_posts_of_one_delivery_make_one_id(collector: Any) -> None:
    for body in (BODY, gzip.compress(BODY), BODY):
        await collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)
    batches = collector.producer.batches()
    assert len(batches) == 3
    assert len({made.header.batch_id for made in batches}) == 1


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("cloudflare", b'{"content":"tests"}'),
        ("cloudflare", gzip.compress(b'{"content":"tests"}')),
        ("akamai", b"any sample that is no log line"),
        ("akamai", b""),
        ("gcore", b'{"test":true}'),
        ("fastly", b""),
    ],
    ids=["cloudflare", "cloudflare gzip", "akamai", "akamai empty", "gcore", "empty"],
)
async def test_a_test_upload_is_answered_with_200_and_goes_nowhere(collector: Any, source: str, body: bytes) -> None:
    answer = await collector.client.post(f"/v1/logs/{source}", data=body, headers=BEARER)
    assert answer.status == 200
    assert collector.producer.sent == []
    assert collector.outcomes() == {(source, "probe"): 1}


async def test_a_delivery_of_nothing_but_bad_lines_is_accepted_and_accounted_for(collector: Any) -> None:
    answer = await collector.client.post("/v1/logs/cloudflare", data=b"bad\nworse\n", headers=BEARER)
    assert answer.status == 200
    assert summary(collector.producer.batches()) == [
        ("cloudflare", hashlib.sha256(b"bad\nworse\n").hexdigest(), 0, {"bad-json": 2})
    ]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"x" * 2_001, 413, "too-large"),
        (gzip.compress(b"x" * 6_000), 413, "too-large"),
        (gzip.compress(BODY)[:-3], 400, "invalid-body"),
        (b"\x1f\x8bno gzip", 400, "invalid-body"),
    ],
    ids=["body", "decompressed", "truncated", "corrupt"],
)
async def test_a_body_beyond_the_limits_has_its_status(start: Any, body: bytes, status: int, reason: str) -> None:
    collector = await start(max_body_bytes=2_000, max_decompressed_bytes=5_000)
    answer = await collector.client.post("/v1/logs/cloudflare", data=body, headers=BEARER)
    assert answer.status == status
    assert collector.producer.sent == []
    assert collector.outcomes() == {("cloudflare", reason): 1}
    assert collector.budget.used == 0


async def test_a_body_of_unknown_length_has_the_same_limit(start: Any) -> None:
    collector = await start(max_body_bytes=2_000)

    async def chunks() -> Any:
        for _ in range(5):
            yield b"x" * 500

    answer = await collector.client.post("/v1/logs/cloudflare", data=chunks(), headers=BEARER)
    assert answer.status == 413


async def test_a_body_that_does_not_come_is_given_up(start: Any) -> None:
    collector = await start(body_timeout_s=0.05)

    async def slow() -> Any:
        yield b"x"
        await asyncio.sleep(30)

    answer = await collector.client.post("/v1/logs/cloudflare", data=slow(), headers=BEARER)
    assert answer.status == 408
    assert collector.outcomes() == {("cloudflare", "too-slow"): 1}


async def test_more_bytes_in_flight_than_memory_allows_are_refused_until_others_are_done(start: Any) -> None:
    collector = await start(memory=2_000)
    collector.producer.answering = False
    waiting = asyncio.create_task(collector.client.post("/v1/logs/cloudflare", data=BODY * 3, headers=BEARER))
    await asyncio.sleep(0.1)
    answer = await collector.client.post("/v1/logs/cloudflare", data=BODY * 3, headers=BEARER)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert collector.outcomes() == {("cloudflare", "overloaded"): 1}
    collector.producer.answering = True
    assert (await waiting).status == 200
    assert (await collector.client.post("/v1/logs/cloudflare", data=BODY * 3, headers=BEARER)).status == 200
    assert collector.budget.used == 0


async def test_received_at_is_when_the_request_came_in(collector: Any) -> None:
    async def body() -> Any:
        yield BODY[:5]
        await asyncio.sleep(0.05)
        collector.clock.ms += 7_000
        yield BODY[5:]

    await collector.client.post("/v1/logs/cloudflare", data=body(), headers=BEARER)
    (made,) = collector.producer.batches()
    assert made.header.published_at_ms - made.header.received_at_ms == 7_000


async def test_a_line_of_column_names_is_taken_off_before_lines_are_counted(collector: Any) -> None:
    body = b"\n".join([",".join(FIELDS).encode(), b"1,2", b"3"])
    answer = await collector.client.post("/v1/logs/columns", data=body, headers=BEARER)
    assert answer.status == 200
    assert summary(collector.producer.batches()) == [("columns", hashlib.sha256(body).hexdigest(), 0, {"bad-field": 2})]
    assert [letter.line for letter in collector.producer.dead_letters()] == [0, 1]


async def test_a_file_that_starts_with_other_names_is_refused_whole(collector: Any) -> None:
    body = b"\n".join([",".join(reversed(FIELDS)).encode(), b"1,2"])
    answer = await collector.client.post("/v1/logs/columns", data=body, headers=BEARER)
    assert answer.status == 400
    assert collector.producer.sent == []
    assert collector.outcomes() == {("columns", "invalid-body"): 1}


async def test_nothing_but_post_is_understood(collector: Any) -> None:
    assert (await collector.client.get("/v1/logs/cloudflare", headers=BEARER)).status == 405
    assert (await collector.client.post("/v1/logs", headers=BEARER)).status == 404
