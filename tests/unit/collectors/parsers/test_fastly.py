"""Our Fastly format string, as services print it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import fastly
from collectors.syslog.frames import FrameDecoder
from collectors.syslog.line_tokens import LineTokens
from collectors.trust.credentials import Credentials, hash_of
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

LINE = {
    "v": 1,
    "ts_ms": 1795417200123,
    "end_ms": 1795417200391,
    "id": "9f0c1d7e5b2a4e6f8a3b2c1d0e9f8a7b",
    "svc": "SU1Z0isxPaozGVKXdv0eY",
    "pop": "FRA",
    "ip": "2001:db8:10::2f",
    "method": "GET",
    "host": "vod.example.com",
    "url": "/a1/video/720p/seg-000118.m4s?tok=abc",
    "proto": "HTTP/2",
    "status": 206,
    "body": 524288,
    "total": 524702,
    "range": "bytes=0-524287",
    "crange": "bytes 0-524287/1183321",
    "clen": 524288,
    "done": 1,
    "cache": "HIT",
    "ttfb": 0.012,
    "elapsed_us": 268031,
    "asn": 64500,
    "cc": "DE",
    "ua": "ExamplePlayer/3.1",
    "ref": "",
    "edge": 1,
    "inner": 0,
}

FORMAT_STRING = (Path(fastly.__file__).parent / "fastly.log-format.txt").read_text().removesuffix("\n")
#: VCL of the format string to what an edge prints for LINE, with every optional header unset.
PRINTED = {
    "uuid.version4()": "9f0c1d7e-5b2a-4e6f-8a3b-2c1d0e9f8a7b",
    "time.start.msec": "1795417200123",
    "time.end.msec": "1795417200391",
    "time.elapsed.usec": "268031",
    "time.to_first_byte": "0.012",
    'if(fastly.ff.visits_this_service == 0, "1", "0")': "1",
    'if(segmented_caching.is_inner_req, "1", "0")': "0",
    "json.escape(req.method)": "GET",
    "json.escape(req.http.Host)": "vod.example.com",
    "json.escape(req.url)": "/a1/video/720p/segment-118.m4s?tok=a\\u0022b",
    "resp.status": "200",
    "resp.body_bytes_written": "1183321",
    'if(resp.http.Content-Length, resp.http.Content-Length, "null")': "null",
    "json.escape(resp.http.Content-Range)": "(null)",
    'if(resp.completed, "1", "0")': "1",
    "json.escape(fastly_info.state)": "HIT-CLUSTER",
    "json.escape(server.datacenter)": "FRA",
    "json.escape(req.http.Fastly-Client-IP)": "2001:db8:10::2f",
    "json.escape(req.http.User-Agent)": "(null)",
}

parse = fastly.parser(fastly.Options())


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return parse(json.dumps({key: value for key, value in fields.items() if value is not ...}).encode())


def test_every_field_of_a_partial_response() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/a1/video/720p/seg-000118.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=524_288,
        object_bytes=1_183_321,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="2001:db8:10::2f",
        user_agent="ExamplePlayer/3.1",
        pop="FRA",
        time_to_first_byte_ms=12,
        elapsed_ms=268,
        request_id="9f0c1d7e5b2a4e6f8a3b2c1d0e9f8a7b",
        range_start=0,
        range_end=524_287,
    )


def test_a_format_string_that_quotes_every_number_says_the_same() -> None:
    quoted = {key: str(value) for key, value in LINE.items()}
    assert parse(json.dumps(quoted).encode()) == parsed()


def test_unset_vcl_strings_are_not_logged() -> None:
    record = parsed(ua="(null)", crange="(null)", ip="(null)", cache="(null)", clen="(null)", done="(null)")
    assert (record.user_agent, record.range_start, record.client_ip, record.cache_status, record.aborted) == (
        "",
        None,
        "",
        CacheStatus.CACHE_STATUS_UNSPECIFIED,
        False,
    )


@pytest.mark.parametrize(
    ("different", "event_time_ms", "elapsed_ms"),
    [
        ({}, 1_795_417_200_391, 268),
        ({"elapsed_us": ...}, 1_795_417_200_391, 268),
        ({"end_ms": ...}, 1_795_417_200_391, 268),
        ({"end_ms": ..., "elapsed_us": ...}, 1_795_417_200_123, None),
        ({"ts_ms": ..., "elapsed_us": ...}, 1_795_417_200_391, None),
        ({"end_ms": 1_795_417_200_000, "elapsed_us": ...}, 1_795_417_200_000, 0),
    ],
    ids=["all", "no elapsed", "no end", "start only", "end only", "end before start"],
)
def test_event_time_is_the_end_of_the_response(
    different: dict[str, Any], event_time_ms: int, elapsed_ms: int | None
) -> None:
    record = parsed(**different)
    assert (record.event_time_ms, record.elapsed_ms) == (event_time_ms, elapsed_ms)


@pytest.mark.parametrize(
    ("different", "object_bytes"),
    [
        ({"status": 200, "crange": "", "clen": 900}, 900),
        ({"status": 200, "crange": "", "clen": None}, None),
        ({"status": 206, "crange": "bytes 0-1/900", "clen": 2}, 900),
        ({"status": 206, "crange": "bytes 0-1/*", "clen": 2}, None),
        ({"status": 404, "crange": "", "clen": 12}, None),
    ],
    ids=["200", "200 chunked", "206", "206 of unknown size", "404"],
)
def test_the_object_size_is_that_of_the_whole_object_only(different: dict[str, Any], object_bytes: int | None) -> None:
    assert parsed(**different).object_bytes == object_bytes


def printed(format_string: str) -> bytes:
    """The line that an edge makes of a format string."""
    return re.sub(r"%\{(.*?)\}V", lambda match: PRINTED[match[1]], format_string).encode()


def test_the_published_format_string_prints_a_line_that_is_read_whole() -> None:
    assert parse(printed(FORMAT_STRING)) == Record(
        event_time_ms=1_795_417_200_391,
        status=200,
        path="/a1/video/720p/segment-118.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=1_183_321,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="2001:db8:10::2f",
        user_agent="",
        pop="FRA",
        time_to_first_byte_ms=12,
        elapsed_ms=268,
        request_id="9f0c1d7e-5b2a-4e6f-8a3b-2c1d0e9f8a7b",
        range_start=None,
        range_end=None,
    )


def test_the_published_format_string_has_every_key_that_is_read_and_no_other() -> None:
    published = set(json.loads(printed(FORMAT_STRING)))
    assert published == {field.encode_name for field in msgspec.structs.fields(fastly._Row)}


def test_the_published_format_string_is_one_line_that_escapes_whatever_a_client_sends() -> None:
    assert "\n" not in FORMAT_STRING
    quoted = re.findall(r'"%\{(.*?)\}V"', FORMAT_STRING)
    assert [name for name in quoted if not name.startswith("json.escape(")] == ["uuid.version4()"]


@pytest.mark.parametrize(
    ("prefix", "credentials"),
    [
        (b"<134>2026-11-23T07:00:00Z cache-fra-eddf8230045 acme-usage[4711]: ", Credentials()),
        (
            b"a-secret-of-acme-1234 <134>2026-11-23T07:00:00Z cache-fra-eddf8230045 acme-usage[4711]: ",
            Credentials(hashes=(hash_of("a-secret-of-acme-1234"),)),
        ),
        (
            b"<134>2026-11-23T07:00:00Z cache-fra-eddf8230045 acme-usage[4711]: a-secret-of-acme-1234 ",
            Credentials(hashes=(hash_of("a-secret-of-acme-1234"),)),
        ),
        (b"", Credentials()),
    ],
    ids=["classic", "classic behind a token", "classic before a token", "blank"],
)
def test_a_line_over_syslog_is_the_same_line(prefix: bytes, credentials: Credentials) -> None:
    line = printed(FORMAT_STRING)
    frames = FrameDecoder(100_000).feed(prefix + line + b"\n" + prefix + line + b"\n")
    tokens = LineTokens(credentials)
    assert [parse(tokens.line_of(frame)) for frame in frames] == [parse(line), parse(line)]


@pytest.mark.parametrize(
    "different",
    [{"edge": 0}, {"edge": "0"}, {"edge": False}, {"inner": 1}, {"inner": "1"}, {"inner": True}],
    ids=["shield", "shield as text", "shield as flag", "segment", "segment as text", "segment as flag"],
)
def test_rows_of_a_shield_and_of_a_cached_segment_are_internal(different: dict[str, Any]) -> None:
    assert parsed(**different).internal


def test_a_format_string_of_before_segmented_caching_is_still_read() -> None:
    assert not parsed(inner=...).internal


@pytest.mark.parametrize("done", [0, "0", False])
def test_a_response_that_was_not_written_whole_is_aborted(done: object) -> None:
    assert parsed(done=done).aborted


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("HIT-SYNTH", CacheStatus.CACHE_STATUS_HIT),
        ("MISS-CLUSTER", CacheStatus.CACHE_STATUS_MISS),
        ("HITPASS", CacheStatus.CACHE_STATUS_OTHER),
        ("PASS", CacheStatus.CACHE_STATUS_OTHER),
        ("", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_states_keep_their_suffixes_to_themselves(state: str, expected: CacheStatus) -> None:
    assert parsed(cache=state).cache_status == expected


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"ua":"\\x22"}', "bad-json", "not JSON"),
        (b"[1]", "bad-json", "no JSON object"),
        (b"{}", "bad-field", "`v`"),
        (json.dumps({**LINE, "v": 2}).encode(), "bad-field", "version 2"),
        (json.dumps({**LINE, "status": "lost"}).encode(), "bad-field", "status"),
        (json.dumps({**LINE, "body": -1}).encode(), "bad-field", "body"),
        (json.dumps({**LINE, "url": "(null)"}).encode(), "bad-field", "no path"),
        (json.dumps({**LINE, "end_ms": None, "ts_ms": None}).encode(), "bad-field", "neither"),
    ],
    ids=["cstr_escape", "array", "empty", "version", "status", "negative", "no url", "no time"],
)
def test_a_line_that_cannot_be_billed_is_rejected_with_its_reason(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == reason


@given(json_lines(LINE))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(st.text(min_size=1))
def test_details_do_not_quote_the_line(content: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse(json.dumps({**LINE, "status": f"secret-{content}"}).encode())
    assert "secret-" not in caught.value.detail
