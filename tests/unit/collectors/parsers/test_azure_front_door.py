"""Azure Front Door's access log, of both tiers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import azure_front_door
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines

#: Standard/Premium.
PROPERTIES = {
    "trackingReference": "0Nf1jZwAAAABEXAMPLEQkVSMzBFREdFMDUxNgA=",
    "httpMethod": "GET",
    "httpVersion": "2.0.0.0",
    "requestUri": "https://vod.example.com:443/p/8821/v1/00042.m4s?t=1",
    "hostName": "vod.example.com",
    "requestBytes": "512",
    "responseBytes": "834412",
    "userAgent": "ExamplePlayer/3.1",
    "clientIp": "192.0.2.1",
    "socketIp": "203.0.113.9",
    "clientPort": "51522",
    "timeTaken": "0.268",
    "timeToFirstByte": "0.004",
    "requestProtocol": "HTTPS",
    "securityProtocol": "TLS 1.3",
    "httpStatusCode": "200",
    "pop": "FRA",
    "cacheStatus": "HIT",
    "errorInfo": "NoError",
    "originUrl": "N/A",
}
RECORD = {
    "time": "2026-11-23T07:00:00.3918821Z",
    "resourceId": "/SUBSCRIPTIONS/0/RESOURCEGROUPS/VOD/PROVIDERS/MICROSOFT.CDN/PROFILES/EXAMPLE",
    "category": "FrontDoorAccessLog",
    "operationName": "Microsoft.Cdn/Profiles/AccessLog/Write",
    "properties": PROPERTIES,
}
#: A classic record as the tests of elastic/integrations have it, with other names and addresses.
CLASSIC = {
    "category": "FrontdoorAccessLog",
    "operationName": "Microsoft.Network/FrontDoor/AccessLog/Write",
    "properties": {
        "ErrorInfo": "NoError",
        "backendHostname": "example.azurewebsites.net:443",
        "cacheStatus": "CONFIG_NOCACHE",
        "clientIp": "203.0.113.20",
        "clientPort": "50382",
        "httpMethod": "POST",
        "httpStatusCode": "200",
        "httpStatusDetails": "200",
        "httpVersion": "2.0.0.0",
        "isReceivedFromClient": True,
        "pop": "SIN",
        "requestBytes": "2545",
        "requestProtocol": "HTTPS",
        "requestUri": "https://shop.example.com:443/StockSetup/GetStockListByCir",
        "responseBytes": "1205",
        "routingRuleName": "shop",
        "rulesEngineMatchNames": [],
        "securityProtocol": "TLS 1.2",
        "socketIp": "203.0.113.20",
        "timeTaken": "0.384",
        "timeToFirstByte": "0.384",
        "trackingReference": "0k1y5YQAAAAAWd0Uc6UcnR7WN8uo2prYZU0lOMzBFREdFMDIxNwA=",
        "userAgent": "Mozilla/5.0 (Windows NT 6.1; Win64; x64)",
    },
    "resourceId": "/SUBSCRIPTIONS/0/RESOURCEGROUPS/WAF-RG/PROVIDERS/MICROSOFT.NETWORK/FRONTDOORS/EXAMPLE",
    "time": "2021-12-15T03:10:11.6479719Z",
}

BRIDGE = yaml.safe_load((Path(azure_front_door.__file__).parent / "azure_front_door.vector.yaml").read_text())

parse = azure_front_door.parser(azure_front_door.Options())


def parsed(**different: Any) -> Record:
    """The record with other properties; None leaves one out."""
    properties = {name: value for name, value in {**PROPERTIES, **different}.items() if value is not None}
    return parse(json.dumps({**RECORD, "properties": properties}).encode())


def test_every_field_of_a_standard_record() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_392,
        status=200,
        path="/p/8821/v1/00042.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=834_112,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.9",
        user_agent="ExamplePlayer/3.1",
        pop="FRA",
        time_to_first_byte_ms=4,
        elapsed_ms=268,
        request_id="0Nf1jZwAAAABEXAMPLEQkVSMzBFREdFMDUxNgA=",
        range_start=None,
        range_end=None,
    )


def test_every_field_of_a_classic_record() -> None:
    assert parse(json.dumps(CLASSIC).encode()) == Record(
        event_time_ms=1_639_537_811_648,
        status=200,
        path="/StockSetup/GetStockListByCir",
        method=Method.METHOD_OTHER,
        host="shop.example.com",
        body_bytes=905,
        cache_status=CacheStatus.CACHE_STATUS_OTHER,
        client_ip="203.0.113.20",
        user_agent="Mozilla/5.0 (Windows NT 6.1; Win64; x64)",
        pop="SIN",
        time_to_first_byte_ms=384,
        elapsed_ms=384,
        request_id="0k1y5YQAAAAAWd0Uc6UcnR7WN8uo2prYZU0lOMzBFREdFMDIxNwA=",
    )


@pytest.mark.parametrize("spell", [str.upper, str.lower, lambda name: name[0].upper() + name[1:]])
def test_names_are_compared_without_case(spell: Any) -> None:
    properties = {spell(name): value for name, value in PROPERTIES.items()}
    record = {spell(name): value for name, value in RECORD.items() if name != "properties"}
    assert parse(json.dumps({**record, spell("properties"): properties}).encode()) == parsed()


@pytest.mark.parametrize(
    ("unit", "taken", "elapsed_ms"),
    [("s", "0.268", 268), ("ms", "268", 268), ("ms", "268.4", 268), ("s", "268", 268_000)],
)
def test_the_unit_of_durations_is_the_sources_to_say(unit: str, taken: str, elapsed_ms: int) -> None:
    chosen = azure_front_door.parser(msgspec.convert({"duration_unit": unit}, azure_front_door.Options))
    line = json.dumps({**RECORD, "properties": {**PROPERTIES, "timeTaken": taken}}).encode()
    assert chosen(line).elapsed_ms == elapsed_ms
    assert chosen(line).event_time_ms == parsed().event_time_ms


def test_another_unit_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="duration_unit"):
        msgspec.convert({"duration_unit": "us"}, azure_front_door.Options)


@pytest.mark.parametrize(
    ("received", "internal", "request_id"),
    [
        (True, False, PROPERTIES["trackingReference"]),
        ("true", False, PROPERTIES["trackingReference"]),
        (None, False, PROPERTIES["trackingReference"]),
        (False, True, ""),
        ("false", True, ""),
    ],
    ids=["edge", "edge, text", "standard", "shield", "shield, text"],
)
def test_the_shields_record_is_internal_and_never_taken_for_the_edges(
    received: Any, internal: bool, request_id: str
) -> None:
    record = parsed(isReceivedFromClient=received)
    assert (record.internal, record.request_id) == (internal, request_id)


@pytest.mark.parametrize(
    ("different", "status", "aborted"),
    [
        ({"errorInfo": "ClientDisconnected"}, 200, True),
        ({"errorInfo": None, "ErrorInfo": "ClientDisconnected"}, 200, True),
        ({"errorInfo": "OriginTimeout", "httpStatusCode": "0"}, 0, False),
        ({"errorInfo": None}, 200, False),
    ],
    ids=["standard", "classic", "origin timed out", "not told"],
)
def test_a_viewer_that_left_is_told_by_the_error(different: dict[str, Any], status: int, aborted: bool) -> None:
    record = parsed(**different)
    assert (record.status, record.aborted) == (status, aborted)


@pytest.mark.parametrize(
    ("cache", "cache_status"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("REMOTE_HIT", CacheStatus.CACHE_STATUS_HIT),
        ("MISS", CacheStatus.CACHE_STATUS_MISS),
        ("PARTIAL_HIT", CacheStatus.CACHE_STATUS_OTHER),
        ("PRIVATE_NOSTORE", CacheStatus.CACHE_STATUS_OTHER),
        ("N/A", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_status(cache: str, cache_status: CacheStatus) -> None:
    assert parsed(cacheStatus=cache).cache_status == cache_status


@pytest.mark.parametrize(
    ("version", "total", "body"), [("2.0.0.0", "1000", 700), ("1.1.0.0", "1000", 400), ("-", "1000", 400), ("", "9", 0)]
)
def test_body_bytes_are_estimated_from_the_total(version: str, total: str, body: int) -> None:
    assert parsed(httpVersion=version, responseBytes=total).body_bytes == body


def test_the_peer_is_believed_before_a_header_of_its_own() -> None:
    assert parsed(socketIp="N/A").client_ip == "192.0.2.1"


def test_a_record_without_a_host_name_has_that_of_its_url() -> None:
    assert parsed(hostName=None, requestUri="https://other.example.com:443/a").host == "other.example.com"


@pytest.mark.parametrize("category", ["FrontDoorWebApplicationFirewallLog", "FrontDoorHealthProbeLog", 5])
def test_a_record_of_another_log_is_rejected(category: Any) -> None:
    with pytest.raises(InvalidLine, match="other-log"):
        parse(json.dumps({**RECORD, "category": category}).encode())


@pytest.mark.parametrize(
    "different",
    [
        {"httpStatusCode": None},
        {"httpStatusCode": "N/A"},
        {"responseBytes": "many"},
        {"responseBytes": None},
        {"requestUri": None},
        {"timeTaken": "soon"},
    ],
)
def test_properties_that_cannot_be_billed_are_rejected(different: dict[str, Any]) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(**different)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{'time':1}", "bad-json"),
        (b"[]", "bad-json"),
        (b"{}", "bad-field"),
        (json.dumps({**RECORD, "time": "11/23/2026 7:00:00 AM"}).encode(), "bad-field"),
        (json.dumps({**RECORD, "properties": "{}"}).encode(), "bad-field"),
        (json.dumps({**RECORD, "properties": None}).encode(), "bad-field"),
    ],
    ids=["quotes", "array", "no record", "time", "properties as text", "no properties"],
)
def test_what_is_no_record_is_rejected(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse(line)
    assert caught.value.reason == reason


def test_the_bridge_posts_events_as_they_are_and_loses_none_that_it_has_committed() -> None:
    (sink,) = BRIDGE["sinks"].values()
    assert (sink["encoding"], sink["framing"]) == ({"codec": "text"}, {"method": "newline_delimited"})
    assert sink["acknowledgements"] == {"enabled": True}
    assert (sink["buffer"]["type"], sink["buffer"]["when_full"]) == ("disk", "block")


@given(json_lines(RECORD))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(json_lines(PROPERTIES))
def test_any_properties_are_a_record_or_a_reject(properties: bytes) -> None:
    assert is_record_or_reject(parse, b'{"time":"2026-11-23T07:00:00Z","properties":%b}' % properties)
