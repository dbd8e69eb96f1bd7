"""nginx: our log format as nginx writes it, and `combined`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import nginx
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

SETTINGS = Path(nginx.__file__).parent
LOG_FORMAT = (SETTINGS / "nginx.log-format.conf").read_text()
LINE = {
    "msec": 1795417200.391,
    "request_time": 0.268,
    "status": "206",
    "request_method": "GET",
    "host": "vod.example.com",
    "request_uri": "/a1/720p/segment-42.m4s?tok=abc",
    "body_bytes_sent": 524288,
    "sent_http_content_range": "bytes 0-524287/1183321",
    "sent_http_content_length": "524288",
    "request_completion": "OK",
    "upstream_cache_status": "HIT",
    "cdn_internal": 0,
    "remote_addr": "2001:db8:10::2f",
    "http_user_agent": "ExamplePlayer/3.1",
    "hostname": "edge-fra-1",
    "request_id": "9f0c1d7e5b2a4e6f8a3b2c1d0e9f8a7b",
}

parse = nginx.json_parser(nginx.Options())
parse_combined = nginx.combined_parser(nginx.Options())


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return parse(json.dumps({key: value for key, value in fields.items() if value is not ...}).encode())


def written(variables: dict[str, str]) -> str:
    """What nginx writes by the shipped log format."""
    pieces = re.search(r"log_format cdn_usage escape=json\s+((?:'[^']*'\s*)+);", LOG_FORMAT)
    assert pieces is not None
    template = "".join(re.findall("'([^']*)'", pieces[1]))
    return re.sub(r"\$(\w+)", lambda match: variables[match[1]], template)


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
        elapsed_ms=268,
        request_id="9f0c1d7e5b2a4e6f8a3b2c1d0e9f8a7b",
        range_start=0,
        range_end=524_287,
    )


def test_the_shipped_format_writes_what_the_parser_reads() -> None:
    variables = {key: str(value) for key, value in LINE.items()}
    assert json.loads(written(variables)).keys() == LINE.keys()
    assert parse(written(variables).encode()) == parsed()


def test_what_nginx_writes_for_no_value_is_not_logged() -> None:
    variables = {key: str(value) if isinstance(value, int | float) else "" for key, value in LINE.items()}
    record = parse(written({**variables, "status": "200", "request_uri": "/a", "request_method": "GET"}).encode())
    assert record == Record(
        event_time_ms=1_795_417_200_391,
        status=200,
        path="/a",
        method=Method.METHOD_GET,
        body_bytes=524_288,
        aborted=True,
        elapsed_ms=268,
    )


@pytest.mark.parametrize(
    ("different", "object_bytes"),
    [
        ({"status": "200", "sent_http_content_range": "", "sent_http_content_length": "900"}, 900),
        ({"status": "200", "sent_http_content_range": "", "sent_http_content_length": ""}, None),
        ({"sent_http_content_range": "bytes 0-1/*"}, None),
        ({"status": "404", "sent_http_content_range": "", "sent_http_content_length": "153"}, None),
        ({"status": "416", "sent_http_content_range": "bytes */1183321"}, None),
    ],
    ids=["200", "200 chunked", "206 of unknown size", "404", "416"],
)
def test_the_object_size_is_that_of_the_whole_object_only(different: dict[str, Any], object_bytes: int | None) -> None:
    assert parsed(**different).object_bytes == object_bytes


@pytest.mark.parametrize(
    ("completion", "aborted"), [("OK", False), ("", True), (..., False)], ids=["whole", "cut off", "not logged"]
)
def test_a_response_that_was_not_sent_whole_is_aborted(completion: object, aborted: bool) -> None:
    assert parsed(request_completion=completion).aborted is aborted


@pytest.mark.parametrize(
    ("flag", "internal"), [(0, False), (1, True), ("0", False), ("1", True), (True, True), ("", False), (..., False)]
)
def test_requests_of_other_tiers_are_internal(flag: object, internal: bool) -> None:
    assert parsed(cdn_internal=flag).internal is internal


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("MISS", CacheStatus.CACHE_STATUS_MISS),
        ("EXPIRED", CacheStatus.CACHE_STATUS_OTHER),
        ("BYPASS", CacheStatus.CACHE_STATUS_OTHER),
        ("", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_states(state: str, expected: CacheStatus) -> None:
    assert parsed(upstream_cache_status=state).cache_status == expected


@pytest.mark.parametrize("status", [200, "200"])
def test_a_status_may_be_a_number_or_a_text(status: object) -> None:
    assert parsed(status=status).status == 200


def test_a_client_that_left_before_an_answer_has_status_000() -> None:
    assert parsed(status="000").status == 0


def test_a_garbled_request_is_a_record_of_an_error() -> None:
    record = parsed(status="400", request_method="", request_uri="")
    assert (record.status, record.path, record.method) == (400, "/", Method.METHOD_UNSPECIFIED)


def test_a_viewer_cannot_hide_a_line_behind_octets_that_are_no_utf8() -> None:
    line = json.dumps(LINE).encode().replace(b"ExamplePlayer", b"\xff\xfe").replace(b"tok=abc", b"tok=\xe9")
    assert parse(line).user_agent == "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}/3.1"
    assert parse(line).path == parsed().path


def test_a_backslash_in_a_path_is_one() -> None:
    assert parsed(request_uri=r"/a\x41b").path == r"/a\x41b"


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"<190>", "bad-json", "not JSON"),
        (b"{}", "bad-field", "msec"),
        (json.dumps({**LINE, "msec": 1_795_417_200_391}).encode(), "bad-field", "msec"),
        (json.dumps({**LINE, "status": "lost"}).encode(), "bad-field", "status"),
        (json.dumps({**LINE, "status": "1000"}).encode(), "bad-field", "status"),
        (json.dumps({**LINE, "status": -1}).encode(), "bad-field", "status"),
        (json.dumps({**LINE, "body_bytes_sent": -1}).encode(), "bad-field", "body_bytes_sent"),
        (json.dumps({**LINE, "request_uri": ""}).encode(), "bad-field", "no HTTP request"),
    ],
    ids=["no JSON", "empty", "milliseconds", "status", "no status of HTTP", "below 0", "negative", "no URL"],
)
def test_a_line_that_cannot_be_billed_is_rejected_with_its_reason(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == reason


@given(json_lines(LINE))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


def test_every_field_of_a_combined_line() -> None:
    line = (
        b'203.0.113.24 - - [23/Nov/2026:07:00:00 +0000] "GET /film/720p/segment-42.m4s?t=a HTTP/2.0" 200 1048576 '
        b'"-" "ExamplePlayer/3.1"'
    )
    assert parse_combined(line) == Record(
        event_time_ms=1_795_417_200_000,
        status=200,
        path="/film/720p/segment-42.m4s",
        method=Method.METHOD_GET,
        body_bytes=1_048_576,
        client_ip="203.0.113.24",
        user_agent="ExamplePlayer/3.1",
    )


def test_the_log_is_read_from_where_it_is_written() -> None:
    vector = yaml.safe_load((SETTINGS / "nginx.vector.yaml").read_text())
    [file] = vector["sources"]["edge"]["include"]
    assert f"access_log {file} cdn_usage;" in LOG_FORMAT
    assert vector["sinks"]["collector"]["acknowledgements"] == {"enabled": True}
