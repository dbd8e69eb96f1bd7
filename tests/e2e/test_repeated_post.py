"""Contract: a sender may repeat a POST as often as it likes, to whichever collector, and is billed once."""

from __future__ import annotations

import http.client
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.build import hash_sources
from local.clock import ClockFile
from local.settings import ROOT
from local.stack import Stack
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader
from schemas.topics import MAX_MESSAGE_BYTES, RAW
from tests.e2e import topics
from tests.e2e.bill import Bill, BillRow, LedgerRow
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.support.batches import HOUR_MS, SECOND_MS

pytestmark = pytest.mark.timeout(900)

#: Of the sources in local/sources.yaml: JSON lines.
SOURCE = "edge"
FILM = Film(asset_id="posted-film", environment_id="posted-env")
#: Lines of one block by hour: it becomes one large batch and seven small ones.
LINES_OF_HOURS = (965, 5, 5, 5, 5, 5, 5, 5)
#: The broker takes the small batches and refuses the large one.
BETWEEN_SMALL_AND_LARGE = 4_000


def body_of(first_hour: int) -> bytes:
    hours = [first_hour + number * HOUR_MS for number, lines in enumerate(LINES_OF_HOURS) for _ in range(lines)]
    return b"\n".join(line(hour + number * SECOND_MS, number) for number, hour in enumerate(hours))


def line(time_ms: int, number: int) -> bytes:
    fields = {
        "time": time_ms / 1_000,
        "method": "GET",
        "path": FILM.path("720p", number % len(FILM.segment_ms)),
        "status": 200,
        "bytes": 100_000 + number * 7_919 % 100_003,
        "client": f"192.0.2.{number * 31 % 251}",
    }
    return json.dumps(fields).encode()


def bill_of(first_hour: int, body: bytes) -> list[BillRow]:
    """One delivery of the body, counted from its lines."""
    sums: dict[int, Counter[str]] = {}
    for number, fields in enumerate(map(json.loads, body.splitlines())):
        hour_ms = int(fields["time"]) * 1_000 // HOUR_MS * HOUR_MS
        amount = Counter(ms=FILM.segment_ms[number % len(FILM.segment_ms)], deliveries=1, bytes=fields["bytes"])
        sums.setdefault(hour_ms, Counter()).update(amount)
    return [
        BillRow(hour, FILM.environment_id, FILM.asset_id, "up-to-720p", of["ms"], of["deliveries"], of["bytes"])
        for hour, of in sorted(sums.items())
    ]


@pytest.fixture
def releases(stack: Stack, first_hour: int, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Addresses and builds of two collectors, of this and of the next release; their clock is past the test's hours."""
    clock = ClockFile(tmp_path / "clock", first_hour + len(LINES_OF_HOURS) * HOUR_MS)
    environ = {"COLLECTOR_CLOCK": f"file:{clock.path}", "COLLECTOR_HEARTBEAT_INTERVAL_S": "1"}
    codes = (ROOT, next_release(tmp_path / "next"))
    for index, code in enumerate(codes):
        stack.start_collector(index, environ, code)
    yield {stack.collector_urls[index]: hash_sources(code / "collectors") for index, code in enumerate(codes)}
    for index in range(len(codes)):
        stack.stop_collector(index)


def next_release(folder: Path) -> Path:
    """The collector's packages with one source file changed."""
    for package in ("collectors", "schemas"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "collectors" / "batches" / "blocks.py").open("a") as source:
        source.write("# The next release.\n")
    return folder


def post(collector_url: str, body: bytes) -> int:
    connection = http.client.HTTPConnection(collector_url.removeprefix("http://"), timeout=60)
    try:
        connection.request("POST", f"/v1/logs/{SOURCE}", body)
        return connection.getresponse().status
    finally:
        connection.close()


def published(stack: Stack, begins: dict[int, int]) -> list[BatchHeader]:
    """The header of every copy of a batch of the source that Kafka has stored since."""
    messages = (message for found in topics.read(stack.kafka_bootstrap, RAW, begins).values() for message in found)
    headers = [AccessLogBatch.FromString(message.value()).header for message in messages]
    return [header for header in headers if header.source_id == SOURCE]


def test_a_post_repeated_after_a_partial_failure_and_to_another_release_bills_once(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int, releases: dict[str, str]
) -> None:
    """Contract: Kafka stores a part of a delivery and refuses the rest, so the sender hears 503. Its retry to the
    same collector, and one more to a collector of another release, make the same batches again: the bill holds one
    delivery, and the ledger tells exactly how often each batch came."""
    register(stack.assets_dsn, FILM)
    body, begins, [first, second] = body_of(first_hour), topics.ends(stack.kafka_bootstrap, RAW), releases

    topics.set_option(stack.kafka_bootstrap, RAW, "max.message.bytes", str(BETWEEN_SMALL_AND_LARGE))
    try:
        assert post(first, body) == 503
    finally:
        topics.set_option(stack.kafka_bootstrap, RAW, "max.message.bytes", str(MAX_MESSAGE_BYTES))
    stored = {batch.batch_id for batch in published(stack, begins)}
    assert 0 < len(stored) < len(LINES_OF_HOURS)
    assert [post(first, body), post(second, body)] == [200, 200]
    pipeline.drain(feed, bill, first_hour + len(LINES_OF_HOURS) * HOUR_MS)

    headers = published(stack, begins)
    assert {header.collector_build for header in headers} == set(releases.values())
    assert len(set(releases.values())) == 2
    assert bill.rows() == bill_of(first_hour, body)
    assert bill.ledger() == sorted(
        LedgerRow(batch_id, "window", 2 if batch_id in stored else 1)
        for batch_id in {header.batch_id for header in headers}
    )
