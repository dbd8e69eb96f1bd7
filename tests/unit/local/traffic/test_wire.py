"""Each CDN ships its lines in its own framing, compression and envelope."""

from __future__ import annotations

import base64
import gzip
import json
import uuid

from msgspec.structs import replace

from local.traffic import logs, wire
from local.traffic.events import Cdn, Event, Kind, Viewer

SECRET = "a-secret-of-a-source"
SENT_MS = 1_795_417_200_391
REQUEST_ID = uuid.UUID("12345678-1234-4678-9234-567812345678")


def events(cdn: Cdn, number: int = 2) -> list[Event]:
    viewer = Viewer(address="192.0.2.1", user_agent="x", cdn=cdn, host="h", pop="FRA", protocol="2")
    first = Event(
        viewer=viewer,
        end_ms=1_795_417_200_391,
        elapsed_ms=8,
        first_byte_ms=1,
        method="GET",
        path="/robots.txt",
        status=404,
        kind=Kind.OTHER,
        object_bytes=5,
        body_bytes=5,
        request_id=70,
    )
    return [replace(first, request_id=70 + index) for index in range(number)]


def lines(cdn: Cdn, number: int = 2) -> list[str]:
    return [logs.line(event) for event in events(cdn, number)]


def test_classic_syslog_has_a_header_and_a_line_feed() -> None:
    one, other = lines(Cdn.FASTLY)
    assert wire.classic_syslog(events(Cdn.FASTLY)).body.decode() == (
        f"<134>2026-11-23T07:00:00Z cache-fra-eddf8230006 mediabill[4711]: {one}\n"
        f"<134>2026-11-23T07:00:00Z cache-fra-eddf8230007 mediabill[4711]: {other}\n"
    )


def test_counted_syslog_has_lengths_and_no_line_feed() -> None:
    one, other = lines(Cdn.FASTLY)
    assert wire.counted_syslog(events(Cdn.FASTLY)).body.decode() == f"{len(one)} {one}{len(other)} {other}"


def test_fastly_posts_plain_lines_with_a_bearer_token() -> None:
    sent = wire.fastly_post(wire.text(events(Cdn.FASTLY)), SECRET)
    assert sent.body.decode() == "".join(f"{line}\n" for line in lines(Cdn.FASTLY))
    assert sent.headers == {"Authorization": "Bearer a-secret-of-a-source"}


def test_cloudflare_posts_gzipped_lines_with_a_bearer_token() -> None:
    sent = wire.cloudflare_post(wire.text(events(Cdn.CLOUDFLARE)), SECRET)
    assert gzip.decompress(sent.body).decode().splitlines() == lines(Cdn.CLOUDFLARE)
    assert sent.headers == {"Content-Encoding": "gzip", "Authorization": "Bearer a-secret-of-a-source"}


def test_the_same_lines_make_the_same_bytes() -> None:
    first, second = (wire.cloudflare_post(wire.text(events(Cdn.CLOUDFLARE)), SECRET) for _ in range(2))
    assert first == second


def test_akamai_posts_plain_lines_with_basic_authentication() -> None:
    sent = wire.akamai_post(wire.text(events(Cdn.AKAMAI)), SECRET)
    assert sent.body.decode() == "".join(f"{line}\n" for line in lines(Cdn.AKAMAI))
    assert sent.headers == {"Authorization": "Basic ZGF0YXN0cmVhbTphLXNlY3JldC1vZi1hLXNvdXJjZQ=="}


def test_cloudfront_comes_through_a_firehose_request() -> None:
    sent = wire.cloudfront_post(wire.text(events(Cdn.CLOUDFRONT)), SECRET, REQUEST_ID, SENT_MS)
    both = "".join(f"{line}\n" for line in lines(Cdn.CLOUDFRONT))
    assert json.loads(sent.body) == {
        "requestId": "12345678-1234-4678-9234-567812345678",
        "timestamp": SENT_MS,
        "records": [{"data": base64.b64encode(both.encode()).decode()}],
    }
    assert sent.headers == {
        "Content-Type": "application/json",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": "12345678-1234-4678-9234-567812345678",
        "X-Amz-Firehose-Access-Key": "a-secret-of-a-source",
    }


def test_many_lines_are_spread_over_several_firehose_records() -> None:
    sent = wire.cloudfront_post(wire.text(events(Cdn.CLOUDFRONT, 450)), SECRET, REQUEST_ID, SENT_MS)
    records = [base64.b64decode(record["data"]).decode().splitlines() for record in json.loads(sent.body)["records"]]
    assert [len(record) for record in records] == [200, 200, 50]
    assert [line for record in records for line in record] == lines(Cdn.CLOUDFRONT, 450)
