"""Google Media CDN's log entries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import google_media_cdn
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

REQUEST = {
    "requestMethod": "GET",
    "requestUrl": "https://example.com/image.jpg",
    "requestSize": "3545",
    "status": 200,
    "responseSize": "3716",
    "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
    "remoteIp": "198.51.100.43",
    "protocol": "HTTP/2",
}
PAYLOAD = {
    "@type": "type.googleapis.com/google.cloud.edgecache.v1.EdgeCacheLogEntry",
    "tlsVersion": "TLS 1.3",
    "tlsCipherSuite": "009C",
    "cacheId": "maa-132eed13faa13",
    "clientAsn": "9299",
    "origin": "example_origin",
    "clientRegionCode": "IN",
    "metroIataCode": "bom",
    "clientCity": "Mumbai",
    "latency": "0.005105200s",
    "proxyStatus": "Google-Edge-Cache",
    "httpTtfb": "0.005056080s",
    "cacheMode": "FORCE_CACHE_ALL",
    "cacheKeyFingerprint": "c360ac18849b6336",
    "cacheStatus": "hit,stale",
    "compressionAlgorithmApplied": "br",
    "originalRequestId": "19d92668-3948-49d8-9244-25f8252043e5",
    "proxyRegionCode": "IN",
    "requestId": "4bde6381-cd17-47e1-8c2a-1aaa424a1156",
    "originIp": "203.0.113.128",
}
#: The sample of "Request logging overview", with other addresses.
ENTRY = {
    "insertId": "617fa16e-0000-2ac9-9993-d4f547fe67d4@a1",
    "jsonPayload": PAYLOAD,
    "httpRequest": REQUEST,
    "resource": {
        "type": "edgecache.googleapis.com/EdgeCacheRouteRule",
        "labels": {
            "matched_path": "/",
            "path_matcher_name": "routes",
            "service_name": "example_service",
            "resource_container": "projects/123456789",
            "location": "global",
            "route_destination": "projects/123456789/locations/global/edgeCacheOrigins/example_origin",
            "route_type": "ORIGIN",
        },
    },
    "timestamp": "2022-11-19T00:24:13.695328200Z",
    "logName": "projects/my-project/logs/edgecache.googleapis.com%2Fedge_cache_request",
    "receiveTimestamp": "2022-11-19T00:24:16.715871645Z",
}

parse = google_media_cdn.parser(google_media_cdn.Options())


def parsed(**different: Any) -> Record:
    return parse(json.dumps({**ENTRY, **different}).encode())


def with_payload(**different: Any) -> Record:
    return parsed(jsonPayload={**PAYLOAD, **different})


def with_request(**different: Any) -> Record:
    return parsed(httpRequest={**REQUEST, **different})


def test_every_field_of_the_documented_sample() -> None:
    assert parsed() == Record(
        event_time_ms=1_668_817_453_700,
        status=200,
        path="/image.jpg",
        method=Method.METHOD_GET,
        host="example.com",
        body_bytes=3_416,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="198.51.100.43",
        user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
        pop="BOM",
        time_to_first_byte_ms=5,
        elapsed_ms=5,
        request_id="617fa16e-0000-2ac9-9993-d4f547fe67d4@a1",
        range_start=None,
        range_end=None,
    )


@pytest.mark.parametrize(
    "field", ["backendLatency", "backendInitialLatency", "flexShieldingRegion", "flexShieldingStatus"]
)
def test_a_field_that_only_a_cache_fill_has_makes_the_entry_internal(field: str) -> None:
    assert with_payload(**{field: "0.126666342s"}).internal


@pytest.mark.parametrize(
    ("resource", "internal"),
    [
        ({"type": "edgecache.googleapis.com/EdgeCacheRouteRule"}, False),
        ({"type": "edgecache.googleapis.com/EdgeCacheOrigin"}, True),
        ({}, False),
    ],
    ids=["route", "origin", "not told"],
)
def test_what_is_no_route_of_a_service_is_internal(resource: dict[str, str], internal: bool) -> None:
    assert parsed(resource=resource).internal is internal


@pytest.mark.parametrize(
    ("chain", "cache_status"),
    [
        ("hit", CacheStatus.CACHE_STATUS_HIT),
        ("hit,stale", CacheStatus.CACHE_STATUS_HIT),
        ("fetch, miss, miss", CacheStatus.CACHE_STATUS_MISS),
        ("hit, miss", CacheStatus.CACHE_STATUS_MISS),
        ("fetch", CacheStatus.CACHE_STATUS_MISS),
        ("fetch, uncacheable", CacheStatus.CACHE_STATUS_OTHER),
        ("", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_the_cache_nearest_to_the_viewer_is_the_right_most(chain: str, cache_status: CacheStatus) -> None:
    assert with_payload(cacheStatus=chain).cache_status == cache_status


@pytest.mark.parametrize(
    ("status", "aborted"), [(0, True), (499, True), (200, False), (206, False), (502, False)], ids=str
)
def test_no_answer_is_an_aborted_request(status: int, aborted: bool) -> None:
    assert with_request(status=status).aborted is aborted


def test_latency_is_taken_from_the_request_where_the_payload_has_none() -> None:
    record = parsed(httpRequest={**REQUEST, "latency": "2s"}, jsonPayload={**PAYLOAD, "latency": ""})
    assert (record.elapsed_ms, record.event_time_ms) == (2_000, 1_668_817_455_695)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense", "bad-json"),
        (b"{}", "bad-field"),
        (json.dumps({**ENTRY, "jsonPayload": None}).encode(), "bad-field"),
        (json.dumps({**ENTRY, "timestamp": "-"}).encode(), "bad-field"),
        (json.dumps({**ENTRY, "jsonPayload": {"httpTtfb": "5ms"}}).encode(), "bad-field"),
    ],
    ids=["no JSON", "no entry", "no payload", "no time", "unit"],
)
def test_what_cannot_be_billed_is_rejected(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse(line)
    assert caught.value.reason == reason


def test_every_entry_has_an_id_of_its_own() -> None:
    (known,) = google_media_cdn.FORMATS.values()
    assert known.has_request_id(google_media_cdn.Options())


@given(json_lines(ENTRY))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(json_lines(REQUEST), json_lines(PAYLOAD))
def test_any_request_and_payload_are_a_record_or_a_reject(request: bytes, payload: bytes) -> None:
    time = b'"timestamp":"2026-11-23T07:00:00Z"'
    assert is_record_or_reject(parse, b'{"httpRequest":%b,"jsonPayload":%b,%b}' % (request, payload, time))
