"""Google Cloud CDN's log entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import google_cloud_cdn
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

REQUEST = {
    "requestMethod": "GET",
    "requestUrl": "https://vod.example.com/p/8821/v1/00042.m4s?token=abc",
    "requestSize": "412",
    "status": 200,
    "responseSize": "834712",
    "userAgent": "ExamplePlayer/3.1",
    "remoteIp": "198.51.100.40",
    "serverIp": "203.0.113.5",
    "latency": "0.268418s",
    "cacheLookup": True,
    "cacheHit": True,
}
PAYLOAD = {
    "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
    "cacheId": "FRA-1234abcd",
    "statusDetails": "response_from_cache",
}
ENTRY = {
    "insertId": "1oek5rg3l3fxj7",
    "timestamp": "2026-11-23T07:00:00.391882Z",
    "receiveTimestamp": "2026-11-23T07:00:01.02Z",
    "logName": "projects/example-proj/logs/requests",
    "httpRequest": REQUEST,
    "jsonPayload": PAYLOAD,
    "resource": {
        "type": "http_load_balancer",
        "labels": {"project_id": "example-proj", "url_map_name": "vod-map", "forwarding_rule_name": "vod-rule"},
    },
}
#: The page's cache hit ("Caching logs and metrics"), with its time and its place-holder for an address filled in.
DOCUMENTED = {
    "insertId": "1oek5rg3l3fxj7",
    "jsonPayload": {
        "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
        "cacheId": "SFO-fbae48ad",
        "statusDetails": "response_from_cache",
    },
    "httpRequest": {
        "requestMethod": "GET",
        "requestUrl": "http://203.0.113.5/static/us/three-cats.jpg",
        "requestSize": "577",
        "status": 304,
        "responseSize": "157",
        "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6)",
        "remoteIp": "198.51.100.40",
        "cacheHit": True,
        "cacheLookup": True,
    },
    "timestamp": "2020-06-08T23:41:25.078651Z",
}

SETTINGS = Path(google_cloud_cdn.__file__).parent

parse = google_cloud_cdn.parser(google_cloud_cdn.Options())


def parsed(**different: Any) -> Record:
    """The record of the entry with other fields of its request."""
    return parse(json.dumps({**ENTRY, "httpRequest": without_none({**REQUEST, **different})}).encode())


def with_payload(**different: Any) -> Record:
    return parse(json.dumps({**ENTRY, "jsonPayload": {**PAYLOAD, **different}}).encode())


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def test_every_field_of_an_entry() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_660,
        status=200,
        path="/p/8821/v1/00042.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=834_112,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="198.51.100.40",
        user_agent="ExamplePlayer/3.1",
        pop="FRA",
        time_to_first_byte_ms=None,
        elapsed_ms=268,
        request_id="1oek5rg3l3fxj7",
        range_start=None,
        range_end=None,
    )


def test_the_documented_sample() -> None:
    assert parse(json.dumps(DOCUMENTED).encode()) == Record(
        event_time_ms=1_591_659_685_079,
        status=304,
        path="/static/us/three-cats.jpg",
        method=Method.METHOD_GET,
        host="203.0.113.5",
        body_bytes=0,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="198.51.100.40",
        user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6)",
        pop="SFO",
        request_id="1oek5rg3l3fxj7",
    )


def test_a_request_that_cloud_cdn_made_itself_is_internal() -> None:
    assert with_payload(parentInsertId="1oek5rg3l3fxj7").internal


@pytest.mark.parametrize(
    ("details", "aborted"),
    [
        ("client_disconnected_after_partial_response", True),
        ("client_disconnected_before_any_response", True),
        ("client_timed_out", True),
        ("cache_lookup_timeout_after_partial_response", True),
        ("response_from_cache_validated", False),
        ("byte_range_caching", False),
        ("backend_timeout", False),
    ],
)
def test_a_viewer_that_left_is_told_by_the_details(details: str, aborted: bool) -> None:
    assert with_payload(statusDetails=details).aborted is aborted


def test_what_is_zero_or_false_is_left_out_of_an_entry() -> None:
    record = parsed(status=None, responseSize=None, cacheLookup=None, cacheHit=None, latency=None)
    assert (record.status, record.body_bytes, record.elapsed_ms, record.cache_status) == (
        0,
        0,
        None,
        CacheStatus.CACHE_STATUS_OTHER,
    )


@pytest.mark.parametrize(
    ("different", "cache_status"),
    [
        ({"cacheHit": None}, CacheStatus.CACHE_STATUS_MISS),
        ({"cacheHit": False}, CacheStatus.CACHE_STATUS_MISS),
        ({"cacheValidatedWithOriginServer": True}, CacheStatus.CACHE_STATUS_OTHER),
        ({"cacheHit": None, "cacheLookup": None}, CacheStatus.CACHE_STATUS_OTHER),
    ],
    ids=["miss", "said miss", "revalidated", "not looked up"],
)
def test_cache_status_follows_from_three_booleans(different: dict[str, Any], cache_status: CacheStatus) -> None:
    assert parsed(**different).cache_status == cache_status


def test_numbers_say_the_same_as_strings() -> None:
    assert parsed(responseSize=834_712, status="200") == parsed()


@pytest.mark.parametrize(
    "different",
    [
        {"requestUrl": None},
        {"requestUrl": ""},
        {"responseSize": None},
        {"responseSize": "-1"},
        {"status": 1_000},
        {"latency": "soon"},
    ],
)
def test_an_entry_that_cannot_be_billed_is_rejected(different: dict[str, Any]) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(**different)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "bad-json"),
        (b"[]", "bad-json"),
        (b'"{}"', "bad-json"),
        (b"{}", "bad-field"),
        (json.dumps({**ENTRY, "timestamp": "yesterday"}).encode(), "bad-field"),
        (json.dumps({**ENTRY, "timestamp": "2026-11-23T07:00:00"}).encode(), "bad-field"),
        (json.dumps({**ENTRY, "httpRequest": None}).encode(), "bad-field"),
    ],
    ids=["empty", "array", "string", "no entry", "no time", "no offset", "no request"],
)
def test_what_is_no_entry_is_rejected(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse(line)
    assert caught.value.reason == reason


def test_every_entry_has_an_id_of_its_own() -> None:
    (known,) = google_cloud_cdn.FORMATS.values()
    assert known.has_request_id(google_cloud_cdn.Options())


@pytest.mark.parametrize("cdn", ["cloud", "media"])
def test_a_subscription_signs_for_its_own_endpoint_and_waits_longer_than_kafka_may_take(cdn: str) -> None:
    subscription = json.loads((SETTINGS / f"google_{cdn}_cdn.push-subscription.json").read_text())
    push = subscription["pushConfig"]
    assert push["pushEndpoint"] == f"https://collector.example.com/v1/logs/acme-google-{cdn}-cdn"
    assert push["oidcToken"]["audience"] == push["pushEndpoint"]
    assert 20 < subscription["ackDeadlineSeconds"] <= 600
    # An idle subscription is deleted after a month unless it has a policy without a time.
    assert subscription["expirationPolicy"] == {}
    assert "deadLetterPolicy" not in subscription


def test_the_bridge_acknowledges_an_entry_only_after_it_was_accepted() -> None:
    bridge = yaml.safe_load((SETTINGS / "google_cloud_cdn.vector.yaml").read_text())
    (source,), (sink,) = bridge["sources"].values(), bridge["sinks"].values()
    assert (source["type"], sink["acknowledgements"], "buffer" in sink) == ("gcp_pubsub", {"enabled": True}, False)
    assert (sink["encoding"], sink["framing"]) == ({"codec": "text"}, {"method": "newline_delimited"})


@given(json_lines(ENTRY))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(json_lines(REQUEST), json_lines(PAYLOAD))
def test_any_request_and_payload_are_a_record_or_a_reject(request: bytes, payload: bytes) -> None:
    time = b'"timestamp":"2026-11-23T07:00:00Z"'
    assert is_record_or_reject(parse, b'{"httpRequest":%b,"jsonPayload":%b,%b}' % (request, payload, time))
