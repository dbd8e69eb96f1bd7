"""HTTP deliveries into a real broker."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import time

import pytest

from local.stack import Stack
from schemas.topics import DEAD_LETTER
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.traffic import cloudflare_line, post


async def test_what_was_answered_with_200_stands_in_kafka(stack: Stack, kafka_log: KafkaLog) -> None:
    body = b"\n".join(cloudflare_line(f"stored-{number}") for number in range(2_500)) + b"\nbad\n"
    before_ms = time.time_ns() // 1_000_000
    assert await post(stack.collector_urls[0], "cloudflare", gzip.compress(body)) == (200, None)
    delivery_id = hashlib.sha256(body).hexdigest()
    batches = [made for made in kafka_log.batches("cloudflare") if made.header.delivery_id == delivery_id]
    paths = {record.path for made in batches for record in made.records}
    assert paths == {f"/vod/stored-{number}/segment-1.ts" for number in range(2_500)}
    assert sum(reason.count for made in batches for reason in made.header.rejected) == 1
    assert all(made.header.published_at_ms >= before_ms and not made.header.late for made in batches)
    (letter,) = [letter for letter in kafka_log.dead_letters("cloudflare") if letter.delivery_id == delivery_id]
    assert (letter.line, letter.payload, letter.reason) == (2_500, b"bad", "bad-json")


async def test_a_dead_letter_is_kept_by_its_arrival(stack: Stack, kafka_log: KafkaLog) -> None:
    before_ms = time.time_ns() // 1_000_000
    await post(stack.collector_urls[0], "cloudflare", cloudflare_line("of-the-future", ms_ago=-3_600_000))
    letters = {letter.key(): letter for letter in kafka_log.messages(DEAD_LETTER)}
    newest = max(letters.values(), key=lambda letter: letter.timestamp()[1])
    assert b"of-the-future" in newest.value()
    kind, stored_ms = newest.timestamp()
    assert kind == 2, "LogAppendTime"
    assert stored_ms >= before_ms


async def test_a_delivery_that_is_posted_three_times_to_two_collectors_has_one_id(
    stack: Stack, kafka_log: KafkaLog
) -> None:
    body = b"\n".join(cloudflare_line(f"retried-{number}") for number in range(1_100))
    first, second = stack.collector_urls
    posts = [
        post(first, "cloudflare", body),
        post(second, "cloudflare", gzip.compress(body)),
        post(first, "cloudflare", body),
    ]
    assert await asyncio.gather(*posts) == [(200, None)] * 3
    delivery_id = hashlib.sha256(body).hexdigest()
    batches = [made for made in kafka_log.batches("cloudflare") if made.header.delivery_id == delivery_id]
    ids = {made.header.batch_id for made in batches}
    assert len(batches) == 3 * len(ids)
    assert len({made.header.collector_boot for made in batches}) == 2
    for batch_id in ids:
        copies = [made for made in batches if made.header.batch_id == batch_id]
        assert [list(made.records) for made in copies] == [list(copies[0].records)] * 3


async def test_a_firehose_request_keeps_its_identity_in_another_body(stack: Stack, kafka_log: KafkaLog) -> None:
    now = time.gmtime(time.time() - 60)
    line = {
        "date": time.strftime("%Y-%m-%d", now),
        "time": time.strftime("%H:%M:%S", now),
        "sc-status": "200",
        "sc-bytes": "1500",
        "cs-uri-stem": "/a",
    }
    request = {"requestId": "r-1", "records": [{"data": base64.b64encode(json.dumps(line).encode()).decode()}]}
    for url, timestamp in zip(stack.collector_urls, (1, 2), strict=True):
        body = json.dumps({**request, "timestamp": timestamp}).encode()
        assert await post(url, "cloudfront", body, **{"X-Amz-Firehose-Request-Id": "r-1"}) == (200, None)
    first, second = kafka_log.batches("cloudfront")
    assert (first.header.batch_id, list(first.records)) == (second.header.batch_id, list(second.records))


@pytest.mark.timeout(180)
async def test_503_while_the_broker_is_away_and_200_under_the_same_id_once_it_is_back(
    stack: Stack, kafka_log: KafkaLog
) -> None:
    url, body = stack.collector_urls[0], cloudflare_line("outage")
    assert (await post(url, "outage", body))[0] == 200
    await asyncio.to_thread(stack.stop_service, "kafka")
    try:
        answers = await asyncio.gather(*(post(url, "outage", body) for _ in range(5)))
        assert answers == [(503, "10")] * 5
    finally:
        await asyncio.to_thread(stack.start_service, "kafka")
    async with asyncio.timeout(60):
        while (await post(url, "outage", body))[0] != 200:  # noqa: ASYNC110  # a sender asks again
            await asyncio.sleep(0.5)
    batches = kafka_log.batches("outage")
    assert len(batches) >= 2
    assert len({made.header.batch_id for made in batches}) == 1
