"""The combined log format."""

from __future__ import annotations

import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers.combined import parse_combined
from schemas.cdn_logs_pb2 import Method
from tests.support.log_lines import damaged_lines, is_record_or_reject

#: httpd.apache.org/docs/current/logs.html
APACHE = (
    b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 '
    b'"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
)
SEGMENT = (
    b'203.0.113.24 - - [23/Nov/2026:07:00:00 +0000] "GET /film/720p/segment-42.m4s?t=a HTTP/2.0" 200 1048576 '
    b'"-" "ExamplePlayer/3.1"'
)


def test_every_field_of_the_documented_sample() -> None:
    assert parse_combined(APACHE) == Record(
        event_time_ms=971_211_336_000,
        status=200,
        path="/apache_pb.gif",
        method=Method.METHOD_GET,
        host="",
        body_bytes=2_326,
        client_ip="127.0.0.1",
        user_agent="Mozilla/4.08 [en] (Win98; I ;Nav)",
    )


def test_every_field_of_a_segment() -> None:
    assert parse_combined(SEGMENT) == Record(
        event_time_ms=1_795_417_200_000,
        status=200,
        path="/film/720p/segment-42.m4s",
        method=Method.METHOD_GET,
        body_bytes=1_048_576,
        client_ip="203.0.113.24",
        user_agent="ExamplePlayer/3.1",
    )


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        (b" 1048576 ", b" - ", "body_bytes", 0),
        (b"- - [", b"- a user [", "client_ip", "203.0.113.24"),
        (b"203.0.113.24", b"2001:db8::1", "client_ip", "2001:db8::1"),
        (b'"ExamplePlayer/3.1"', b'"-"', "user_agent", ""),
        (b'"ExamplePlayer/3.1"', rb'"say \x22hi\x22"', "user_agent", 'say "hi"'),
        (b'"ExamplePlayer/3.1"', rb'"say \"hi\""', "user_agent", 'say "hi"'),
        (b'"ExamplePlayer/3.1"', b'"caf\xe9"', "user_agent", "caf\N{REPLACEMENT CHARACTER}"),
        (b'"ExamplePlayer/3.1"', b'"ExamplePlayer/3.1" "0.268" more', "user_agent", "ExamplePlayer/3.1"),
        (b'"-" "Ex', rb'"https://x/\x22 200 1 \x22-\x22" "Ex', "body_bytes", 1_048_576),
        (b"GET /film", b"GET http://vod.example.com/film", "host", "vod.example.com"),
        (b"GET /film", b"GET http://vod.example.com/film", "path", "/film/720p/segment-42.m4s"),
        (b"GET /film", b"HEAD /film", "method", Method.METHOD_HEAD),
    ],
    ids=[
        "no body",
        "user with a space",
        "IPv6",
        "no user agent",
        "nginx escapes",
        "C escapes",
        "not UTF-8",
        "more columns",
        "forged columns",
        "host",
        "path behind a host",
        "HEAD",
    ],
)
def test_variants_of_a_line(old: bytes, new: bytes, field: str, value: object) -> None:
    assert SEGMENT.count(old) == 1
    assert getattr(parse_combined(SEGMENT.replace(old, new)), field) == value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b" 200 ", b" OK "),
        (b" 1048576 ", b" -1 "),
        (b"23/Nov", b"23/Nix"),
        (b'"ExamplePlayer/3.1"', b""),
        (b'"ExamplePlayer/3.1"', b'"unended'),
        (b"GET /film/720p/segment-42.m4s?t=a HTTP/2.0", b"-"),
        (b'"ExamplePlayer/3.1"', b'"ExamplePlayer/3.1"more'),
    ],
    ids=["no status", "negative", "no time", "no user agent", "cut off", "no request", "no space"],
)
def test_a_line_that_cannot_be_billed_is_rejected(old: bytes, new: bytes) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse_combined(SEGMENT.replace(old, new))
    assert caught.value.reason == "bad-field"


def test_a_port_scan_is_a_record_of_an_error() -> None:
    scan = rb'198.51.100.9 - - [23/Nov/2026:07:00:00 +0000] "\x16\x03\x01\x02" 400 150 "-" "-"'
    record = parse_combined(scan)
    assert (record.status, record.method, record.path) == (400, Method.METHOD_OTHER, "/")


@given(damaged_lines(SEGMENT))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_combined, line)


def test_a_line_of_unended_quotes_is_rejected_at_once() -> None:
    with pytest.raises(InvalidLine):
        parse_combined(b'a - - [b] "' + b'\\x" "' * 50_000)
