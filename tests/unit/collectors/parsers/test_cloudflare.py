"""Logpush lines as jobs with various options write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import cloudflare
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

LINE = {
    "ClientASN": 64502,
    "ClientCountry": "us",
    "ClientIP": "2001:db8:77::9",
    "ClientRequestHost": "vod.example.com",
    "ClientRequestMethod": "GET",
    "ClientRequestPath": "/p/8821/v1/00042.m4s",
    "ClientRequestProtocol": "HTTP/3",
    "ClientRequestReferer": "https://www.example.com/",
    "ClientRequestURI": "/p/8821/v1/00042.m4s?exp=1795420000",
    "ClientRequestUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    "ClientSSLProtocol": "TLSv1.3",
    "ClientRequestSource": "eyeball",
    "CacheCacheStatus": "hit",
    "EdgeColoCode": "IAD",
    "EdgeEndTimestamp": 1795417200391000000,
    "EdgeResponseBodyBytes": 834112,
    "EdgeResponseBytes": 834690,
    "EdgeResponseContentType": "video/iso.segment",
    "EdgeResponseStatus": 200,
    "EdgeStartTimestamp": 1795417200123000000,
    "EdgeTimeToFirstByteMs": 9,
    "RayID": "9a1b2c3d4e5f6071",
    "ParentRayID": "00",
    "ResponseHeaders": {},
}

SETTINGS = Path(cloudflare.__file__).parent
JOB = json.loads((SETTINGS / "cloudflare.logpush-job.json").read_text())
CUSTOM_FIELDS = json.loads((SETTINGS / "cloudflare.custom-fields.json").read_text())

parse = cloudflare.parser(cloudflare.Options())


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return parse(json.dumps({key: value for key, value in fields.items() if value is not ...}).encode())


def test_every_field_of_a_documented_line() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_391,
        status=200,
        path="/p/8821/v1/00042.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=834_112,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="2001:db8:77::9",
        user_agent="Mozilla/5.0 (X11; Linux x86_64)",
        pop="IAD",
        time_to_first_byte_ms=9,
        elapsed_ms=268,
        request_id="9a1b2c3d4e5f6071",
        range_start=None,
        range_end=None,
    )


@pytest.mark.parametrize(
    ("end", "start", "event_time_ms", "elapsed_ms"),
    [
        (1795417200391000000, 1795417200123000000, 1_795_417_200_391, 268),
        ("1795417200391000000", "1795417200123000000", 1_795_417_200_391, 268),
        (1795417200, 1795417200, 1_795_417_200_000, 0),
        ("2026-11-23T07:00:01Z", "2026-11-23T07:00:00Z", 1_795_417_201_000, 1_000),
        (..., 1795417200123000000, 1_795_417_200_123, None),
        (None, 1795417200123000000, 1_795_417_200_123, None),
        ("", 1795417200123000000, 1_795_417_200_123, None),
        (1795417200391000000, ..., 1_795_417_200_391, None),
    ],
    ids=["unixnano", "strings", "unix", "rfc3339", "no end", "null end", "empty end", "no start"],
)
def test_event_time_is_the_end_in_whichever_timestamp_format(
    end: object, start: object, event_time_ms: int, elapsed_ms: int | None
) -> None:
    record = parsed(EdgeEndTimestamp=end, EdgeStartTimestamp=start)
    assert (record.event_time_ms, record.elapsed_ms) == (event_time_ms, elapsed_ms)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (206, {"content-range": "bytes 10-19/900", "content-length": "10"}, (10, 19, 900)),
        (200, {"content-length": "900"}, (None, None, 900)),
        (200, {"content-length": 900}, (None, None, 900)),
        (200, {"content-length": ""}, (None, None, None)),
        (206, {"content-length": "10"}, (None, None, None)),
        (200, None, (None, None, None)),
        (200, {}, (None, None, None)),
    ],
    ids=["206", "200", "200 as number", "empty", "206 without range", "null", "none logged"],
)
def test_sizes_come_from_custom_fields_alone(status: int, headers: object, expected: tuple[int | None, ...]) -> None:
    record = parsed(EdgeResponseStatus=status, ResponseHeaders=headers)
    assert (record.range_start, record.range_end, record.object_bytes) == expected


def test_a_request_that_the_client_gave_up_keeps_its_bytes_and_is_aborted() -> None:
    record = parsed(EdgeResponseStatus=499, EdgeResponseBodyBytes=1_000)
    assert (record.status, record.body_bytes, record.aborted) == (499, 1_000, True)


@pytest.mark.parametrize(
    ("different", "internal"),
    [
        ({"ClientRequestSource": "eyeball"}, False),
        ({"ClientRequestSource": ...}, False),
        ({"ClientRequestSource": "edgeWorkerFetch"}, True),
        ({"ClientRequestSource": "healthcheck"}, True),
        ({"ClientRequestSource": "orangeToOrange"}, True),
        ({"ClientRequestSource": ..., "ParentRayID": "9a1b2c3d4e5f6070"}, True),
        ({"ClientRequestSource": ..., "ParentRayID": ...}, False),
        ({"Subrequests": [{"RayID": "def456", "EdgeResponseStatus": 200}], "ParentRayID": ""}, False),
        ({"CacheTieredFill": True}, False),
    ],
    ids=[
        "eyeball",
        "not logged",
        "worker",
        "health check",
        "other zone",
        "sub-request",
        "no parent logged",
        "merged",
        "tiered cache",
    ],
)
def test_only_requests_of_end_users_are_not_internal(different: dict[str, Any], internal: bool) -> None:
    assert parsed(**different).internal is internal


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("hit", CacheStatus.CACHE_STATUS_HIT),
        ("stream_hit", CacheStatus.CACHE_STATUS_HIT),
        ("stale", CacheStatus.CACHE_STATUS_HIT),
        ("miss", CacheStatus.CACHE_STATUS_MISS),
        ("expired", CacheStatus.CACHE_STATUS_MISS),
        ("revalidated", CacheStatus.CACHE_STATUS_OTHER),
        ("dynamic", CacheStatus.CACHE_STATUS_OTHER),
        ("unknown", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_statuses(status: str, expected: CacheStatus) -> None:
    assert parsed(CacheCacheStatus=status).cache_status == expected


@pytest.mark.parametrize(
    ("different", "detail"),
    [
        ({"EdgeResponseStatus": "lost"}, "EdgeResponseStatus"),
        ({"EdgeResponseBodyBytes": ...}, "EdgeResponseBodyBytes"),
        ({"ClientRequestPath": "-"}, "ClientRequestPath"),
        ({"EdgeEndTimestamp": ..., "EdgeStartTimestamp": ...}, "neither"),
        ({"EdgeEndTimestamp": "soon"}, "RFC 3339"),
        ({"EdgeEndTimestamp": "9" * 5_000}, "RFC 3339"),
    ],
    ids=["status", "no bytes", "no path", "no time", "no such time", "endless digits"],
)
def test_a_line_that_cannot_be_billed_is_rejected(different: dict[str, Any], detail: str) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(**different)


def test_the_published_job_logs_every_field_that_is_read_and_no_other() -> None:
    read = {field.encode_name for field in msgspec.structs.fields(cloudflare._Row)}
    assert set(JOB["output_options"]["field_names"]) == read


def test_the_published_job_neither_samples_nor_filters_and_keeps_its_times_whole() -> None:
    options = JOB["output_options"]
    assert (options["sample_rate"], options["timestamp_format"], options["output_type"]) == (1, "unixnano", "ndjson")
    assert "filter" not in JOB
    assert "header_Authorization=Bearer%20<token>" in JOB["destination_conf"]


def test_the_published_custom_fields_are_those_that_are_read() -> None:
    (rule,) = CUSTOM_FIELDS["rules"]
    names = {field["name"] for field in rule["action_parameters"]["response_fields"]}
    assert names == {field.encode_name for field in msgspec.structs.fields(cloudflare._ResponseHeaders)}


@pytest.mark.parametrize(
    ("body", "probe"),
    [
        (b'{"content":"tests"}', True),
        (b'{"content": "tests"}\n', True),
        (b'{"content":"test"}', False),
        (b'{"content":"tests"}{"content":"tests"}', False),
        (b"tests", False),
        (b"\xff", False),
        (json.dumps(LINE).encode(), False),
    ],
)
def test_the_test_upload_of_a_new_job_is_a_probe(body: bytes, probe: bool) -> None:
    assert cloudflare.is_probe(body) is probe


@given(json_lines(LINE))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)
