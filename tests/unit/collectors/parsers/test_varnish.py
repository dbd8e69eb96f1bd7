"""Varnish: our varnishncsa format, and `combined`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import varnish
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

SETTINGS = Path(varnish.__file__).parent
FORMAT = (SETTINGS / "varnish.log-format.txt").read_text()
FORMATTERS = {
    "%{usec}t": "1795417200123000",
    "%D": "268031",
    "%s": "206",
    "%m": "GET",
    "%{Host}i": "vod.example.com",
    "%U": "/a1/720p/segment-42.m4s",
    "%q": "?tok=abc",
    "%b": "524288",
    "%{Content-Length}o": "524288",
    "%{Content-Range}o": "bytes 0-524287/1183321",
    "%{Varnish:handling}x": "hit",
    "%{Varnish:time_firstbyte}x": "0.000812",
    "%h": "2001:db8:10::2f",
    "%{User-Agent}i": "ExamplePlayer/3.1",
    "%{VCL_Log:cdn-edge}x": "edge-fra-1",
    "%{VCL_Log:cdn-request-id}x": "edge-fra-1-32770-1795417200",
    "%{VCL_Log:cdn-internal}x": "",
}

parse = varnish.json_parser(varnish.Options())
parse_combined = varnish.combined_parser(varnish.Options())


def written(**different: str) -> dict[str, Any]:
    """What `varnishncsa -j` writes by the shipped format."""
    values = {**FORMATTERS, **different}
    line = re.sub(r"%(?:\{[^}]*\})?[A-Za-z]", lambda match: values[match[0]], FORMAT)
    fields: dict[str, Any] = json.loads(line)
    return fields


def parsed(**different: str) -> Record:
    return parse(json.dumps(written(**different)).encode())


def test_the_format_is_one_line() -> None:
    # varnishncsa -f reads no more than the first.
    assert FORMAT.count("\n") == 1
    assert FORMAT.endswith("\n")


def test_every_field_of_a_partial_response() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/a1/720p/segment-42.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=524_288,
        object_bytes=1_183_321,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="2001:db8:10::2f",
        user_agent="ExamplePlayer/3.1",
        pop="edge-fra-1",
        time_to_first_byte_ms=1,
        elapsed_ms=268,
        request_id="edge-fra-1-32770-1795417200",
        range_start=0,
        range_end=524_287,
    )


def test_what_varnish_writes_for_no_value_is_not_logged() -> None:
    nothing = {name: "0" if name in {"%D", "%b", "%{Varnish:time_firstbyte}x"} else "" for name in FORMATTERS}
    answered = {"%{usec}t": "1795417200123000", "%s": "200", "%U": "/a", "%m": "GET"}
    assert parsed(**{**nothing, **answered}) == Record(
        event_time_ms=1_795_417_200_123,
        status=200,
        path="/a",
        method=Method.METHOD_GET,
        time_to_first_byte_ms=0,
        elapsed_ms=0,
    )


def test_the_vcl_logs_what_the_format_reads() -> None:
    vcl = (SETTINGS / "varnish.log-fields.vcl").read_text()
    assert set(re.findall(r'std\.log\("([a-z-]+):', vcl)) == set(re.findall(r"VCL_Log:([a-z-]+)\}", FORMAT))


@pytest.mark.parametrize(
    ("different", "object_bytes"),
    [
        ({"%s": "200", "%{Content-Range}o": "", "%{Content-Length}o": "900"}, 900),
        ({"%s": "200", "%{Content-Range}o": "", "%{Content-Length}o": ""}, None),
        ({"%{Content-Range}o": "bytes 0-1/*"}, None),
        ({"%s": "404", "%{Content-Range}o": "", "%{Content-Length}o": "153"}, None),
    ],
    ids=["200", "200 streamed", "206 of unknown size", "404"],
)
def test_the_object_size_is_that_of_the_whole_object_only(different: dict[str, str], object_bytes: int | None) -> None:
    assert parsed(**different).object_bytes == object_bytes


@pytest.mark.parametrize(
    ("different", "aborted"),
    [
        ({}, False),
        ({"%b": "524287"}, True),
        ({"%b": "0"}, True),
        ({"%b": "0", "%m": "HEAD"}, False),
        ({"%b": "0", "%s": "304"}, False),
        ({"%b": "100", "%{Content-Length}o": ""}, False),
    ],
    ids=["whole", "cut off", "nothing", "HEAD", "304", "streamed"],
)
def test_a_body_shorter_than_its_length_was_cut_off(different: dict[str, str], aborted: bool) -> None:
    assert parsed(**different).aborted is aborted


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        ("hit", CacheStatus.CACHE_STATUS_HIT),
        ("miss", CacheStatus.CACHE_STATUS_MISS),
        ("pass", CacheStatus.CACHE_STATUS_OTHER),
        ("pipe", CacheStatus.CACHE_STATUS_OTHER),
        ("synth", CacheStatus.CACHE_STATUS_OTHER),
        ("-", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_handling_is_the_cache_status(handling: str, expected: CacheStatus) -> None:
    assert parsed(**{"%{Varnish:handling}x": handling}).cache_status == expected


@pytest.mark.parametrize(("flag", "internal"), [("1", True), ("", False), ("0", False), ("-", False)])
def test_requests_of_other_tiers_are_internal(flag: str, internal: bool) -> None:
    assert parsed(**{"%{VCL_Log:cdn-internal}x": flag}).internal is internal


def test_a_viewer_cannot_hide_a_line_behind_octets_that_are_no_utf8() -> None:
    line = json.dumps(written()).encode().replace(b"ExamplePlayer", b"\xff")
    assert parse(line).user_agent == "\N{REPLACEMENT CHARACTER}/3.1"


@pytest.mark.parametrize(
    ("different", "detail"),
    [
        ({"%{usec}t": "-"}, "start_us"),
        ({"%{usec}t": "soon"}, "start_us"),
        ({"%D": ""}, "elapsed_us"),
        ({"%s": "lost"}, "status"),
        ({"%b": "-1"}, "body"),
        ({"%U": "", "%q": ""}, "no HTTP request"),
    ],
    ids=["no time", "bad time", "no end", "status", "negative", "no URL"],
)
def test_a_line_that_cannot_be_billed_is_rejected(different: dict[str, str], detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parsed(**different)
    assert caught.value.reason == "bad-field"


@given(json_lines(written()))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


def test_every_field_of_a_combined_line() -> None:
    line = (
        b"203.0.113.24 - - [23/Nov/2026:07:00:00 +0000] "
        b'"GET http://vod.example.com/film/720p/segment-42.m4s?t=a HTTP/1.1" 200 1048576 "-" "ExamplePlayer/3.1"'
    )
    assert parse_combined(line) == Record(
        event_time_ms=1_795_417_200_000,
        status=200,
        path="/film/720p/segment-42.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=1_048_576,
        client_ip="203.0.113.24",
        user_agent="ExamplePlayer/3.1",
    )
