"""JSON lines with a configured mapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import generic
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

NGINX = {
    "end_time": "msec",
    "elapsed": "request_time",
    "method": "request_method",
    "host": "host",
    "url": "request_uri",
    "status": "status",
    "body_bytes": "body_bytes_sent",
    "object_bytes": "size",
    "content_range": "sent_http_content_range",
    "client_ip": "remote_addr",
    "user_agent": "http_user_agent",
    "pop": "node",
    "request_id": "request_id",
    "cache_status": "upstream_cache_status",
    "aborted": "aborted",
    "internal": "internal",
    "time_to_first_byte": "ttfb",
    "sample_rate": "rate",
}
LINE = {
    "msec": "1795417200.391",
    "request_time": "0.268",
    "request_method": "GET",
    "host": "edge.example.com",
    "request_uri": "/vod/a/720p/segment-118.ts?x=1",
    "status": "206",
    "body_bytes_sent": "524288",
    "size": "-",
    "sent_http_content_range": "bytes 0-524287/1183321",
    "remote_addr": "203.0.113.5",
    "http_user_agent": "-",
    "node": "fra-3",
    "request_id": "9f0c1d7e",
    "upstream_cache_status": "HIT",
    "aborted": 0,
    "internal": "false",
    "ttfb": 0.004,
    "rate": "1",
}
EXAMPLE = (Path(generic.__file__).parent / "generic.options.yaml").read_text()


def parser(**options: Any) -> Any:
    return generic.parser(msgspec.convert({"fields": NGINX, **options}, generic.Options))


parse = parser(time_unit="s", duration_unit="s")


def parsed(**different: Any) -> Record:
    record: Record = parse(json.dumps({**LINE, **different}).encode())
    return record


def test_every_mapped_field() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/vod/a/720p/segment-118.ts",
        method=Method.METHOD_GET,
        host="edge.example.com",
        body_bytes=524_288,
        object_bytes=1_183_321,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.5",
        user_agent="",
        pop="fra-3",
        time_to_first_byte_ms=4,
        elapsed_ms=268,
        request_id="9f0c1d7e",
        range_start=0,
        range_end=524_287,
    )


def test_fields_that_are_not_mapped_are_not_logged() -> None:
    fields = {"status": "s", "body_bytes": "b", "path": "p", "end_time": "t", "method": "m"}
    few = generic.parser(msgspec.convert({"fields": fields}, generic.Options))
    assert few(b'{"s":200,"b":5,"p":"/a","t":1795417200391,"m":"GET"}') == Record(
        event_time_ms=1_795_417_200_391, status=200, path="/a", body_bytes=5, method=Method.METHOD_GET
    )


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("s", 1795417200.391),
        ("ms", 1795417200391),
        ("us", "1795417200391000"),
        ("ns", 1795417200391000000),
        ("rfc3339", "2026-11-23T07:00:00.391Z"),
    ],
)
def test_times_have_the_configured_unit(unit: str, value: object) -> None:
    record = parser(time_unit=unit)(json.dumps({**LINE, "msec": value}).encode())
    assert record.event_time_ms == 1_795_417_200_391


@pytest.mark.parametrize(("unit", "value"), [("s", 0.268), ("ms", "268"), ("us", 268_000)])
def test_durations_have_the_configured_unit(unit: str, value: object) -> None:
    record = parser(time_unit="s", duration_unit=unit)(json.dumps({**LINE, "request_time": value}).encode())
    assert record.elapsed_ms == 268


def test_without_an_end_the_start_and_the_duration_make_one() -> None:
    by_start = generic.parser(
        msgspec.convert(
            {"fields": {**NGINX, "end_time": "end", "start_time": "msec"}, "time_unit": "s", "duration_unit": "s"},
            generic.Options,
        )
    )
    assert by_start(json.dumps(LINE).encode()).event_time_ms == 1_795_417_200_659
    assert by_start(json.dumps({**LINE, "request_time": None}).encode()).event_time_ms == 1_795_417_200_391


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_flags_come_in_several_spellings(value: object) -> None:
    record = parsed(aborted=value, internal=value)
    assert (record.aborted, record.internal) == (True, True)


@pytest.mark.parametrize("rate", [1, 1.0, "1", "1.0", None, "-"])
def test_a_line_that_stands_for_itself_alone_is_billed(rate: object) -> None:
    assert parsed(rate=rate) == parsed()


@pytest.mark.parametrize("rate", [0.1, "0.1", 10, 100, "100", 0])
def test_a_line_of_a_sample_is_refused(rate: object) -> None:
    with pytest.raises(InvalidLine, match="sampled: the line stands for more requests"):
        parsed(rate=rate)


@pytest.mark.parametrize("rate", ["often", [1], -1, True])
def test_a_rate_that_is_none_is_rejected(rate: object) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(rate=rate)


def test_the_published_options_name_every_field_and_read_the_line_that_stands_above_them() -> None:
    options = msgspec.convert(yaml.safe_load(EXAMPLE)["options"], generic.Options)
    assert None not in msgspec.structs.astuple(options.fields)
    comments = [row.removeprefix("# ") for row in EXAMPLE.splitlines() if row.startswith("#")]
    line = "".join(comments[1:-1])
    assert generic.parser(options)(line.encode()) == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/film/720p/segment-42.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=524_288,
        object_bytes=1_183_321,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.24",
        user_agent="ExamplePlayer/3.1",
        pop="FRA",
        time_to_first_byte_ms=4,
        elapsed_ms=268,
        request_id="9f0c1d7e5b2a4e6f",
        range_start=0,
        range_end=524_287,
    )


@pytest.mark.parametrize(
    "different",
    [
        {"status": None},
        {"status": 1_000},
        {"body_bytes_sent": "-"},
        {"msec": "-"},
        {"msec": "soon"},
        {"request_uri": ""},
        {"host": ["a"]},
        {"aborted": "perhaps"},
        {"aborted": []},
        {"request_time": -1},
    ],
)
def test_a_line_that_cannot_be_billed_is_rejected(different: dict[str, Any]) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(**different)


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b"1", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_no_json_line(line: bytes) -> None:
    with pytest.raises(InvalidLine, match="bad-json"):
        parse(line)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"status": "s", "body_bytes": "b", "path": "p", "method": "m"}, "end_time and start_time"),
        ({"status": "s", "body_bytes": "b", "end_time": "t", "method": "m"}, "path and url"),
        ({"body_bytes": "b", "path": "p", "end_time": "t", "method": "m"}, "status"),
        ({"status": "s", "body_bytes": "b", "path": "p", "end_time": "t"}, "method"),
        ({**NGINX, "colour": "c"}, "colour"),
    ],
    ids=["no time", "no path", "no status", "no method", "unknown"],
)
def test_a_mapping_that_makes_no_record_is_refused(fields: dict[str, str], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert({"fields": fields}, generic.Options)


@given(json_lines(LINE))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(json_lines(LINE))
def test_any_line_is_a_record_or_a_reject_where_times_are_texts(line: bytes) -> None:
    assert is_record_or_reject(parser(time_unit="rfc3339", duration_unit="us"), line)
