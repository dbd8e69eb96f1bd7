"""What the fields of a DataStream 2 line mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors.batches.records import Record
from collectors.parsers.akamai_row import Row, record_of
from schemas.cdn_logs_pb2 import CacheStatus, Method

LINE = {
    "version": 3,
    "streamId": "70123",
    "cp": "900001",
    "reqId": "1a2b3c4d",
    "reqTimeSec": "1795417200.118",
    "bytes": "1183321",
    "cliIP": "203.0.113.24",
    "statusCode": "200",
    "proto": "HTTPS",
    "reqHost": "live.example.com",
    "reqMethod": "GET",
    "reqPath": "ch7/1080p/seg%2044821.m4s",
    "reqPort": "443",
    "rspContentLen": "1183321",
    "rspContentType": "video%2Fmp4",
    "UA": "ExamplePlayer%2F3.1%20(tvOS)",
    "tlsVersion": "TLSv1.3",
    "objSize": "1183321",
    "overheadBytes": "412",
    "totalBytes": "1183733",
    "queryStr": "CMCD=bl%3D21300%2Cd%3D4004%2Cot%3Dv%2Csid%3D%22f1e2%22",
    "cacheStatus": "1",
    "edgeIP": "198.51.100.7",
    "country": "FR",
    "city": "PARIS",
    "asn": "64501",
    "turnAroundTimeMSec": "3",
    "timeToFirstByte": "4",
    "transferTimeMSec": "181",
    "lastByte": "1",
}


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return record_of(
        msgspec.convert({key: value for key, value in fields.items() if value is not ...}, Row, strict=False)
    )


def test_every_field_of_a_documented_line() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_302,
        status=200,
        path="/ch7/1080p/seg%2044821.m4s",
        method=Method.METHOD_GET,
        host="live.example.com",
        body_bytes=1_183_321,
        object_bytes=1_183_321,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.24",
        user_agent="ExamplePlayer/3.1 (tvOS)",
        pop="198.51.100.7",
        time_to_first_byte_ms=4,
        elapsed_ms=184,
        request_id="1a2b3c4d-198.51.100.7",
        range_start=None,
        range_end=None,
    )


@pytest.mark.parametrize(
    ("different", "event_time_ms", "elapsed_ms"),
    [
        ({"reqEndTimeMSec": "20"}, 1_795_417_200_322, 204),
        ({"turnAroundTimeMSec": ...}, 1_795_417_200_299, 181),
        ({"turnAroundTimeMSec": ..., "transferTimeMSec": ...}, 1_795_417_200_118, None),
        ({"reqTimeSec": "1795417200"}, 1_795_417_200_184, 184),
        ({"reqTimeSec": 1795417200.118}, 1_795_417_200_302, 184),
    ],
    ids=["all parts", "no turn-around", "start only", "whole seconds", "a number"],
)
def test_event_time_is_the_start_and_all_that_came_after(
    different: dict[str, Any], event_time_ms: int, elapsed_ms: int | None
) -> None:
    record = parsed(**different)
    assert (record.event_time_ms, record.elapsed_ms) == (event_time_ms, elapsed_ms)


@pytest.mark.parametrize(
    ("logged", "path"),
    [
        ("ch7/a.m4s", "/ch7/a.m4s"),
        ("/ch7/a.m4s", "/ch7/a.m4s"),
        ("-", "/"),
        (..., "/"),
        ("^", "/"),
        ("a%2Bb+c", "/a%2Bb+c"),
    ],
    ids=["observed", "documented", "root", "left out", "empty", "encoded"],
)
def test_the_missing_slash_is_put_back_and_nothing_decoded(logged: object, path: str) -> None:
    assert parsed(reqPath=logged).path == path


@pytest.mark.parametrize(
    ("different", "object_bytes"),
    [
        ({"objSize": "9"}, 9),
        ({"objSize": ..., "statusCode": "200"}, 1_183_321),
        ({"objSize": ..., "statusCode": "206"}, None),
    ],
    ids=["objSize", "Content-Length of a 200", "Content-Length of a part"],
)
def test_the_object_size_is_that_of_the_whole_object(different: dict[str, Any], object_bytes: int | None) -> None:
    assert parsed(**different).object_bytes == object_bytes


@pytest.mark.parametrize(
    ("value", "expected"),
    [("37334-42356", (37_334, 42_356)), ("0-", (None, None)), ("-5", (None, None)), ("1-2,4-5", (None, None))],
)
def test_a_range_has_no_prefix(value: str, expected: tuple[int | None, ...]) -> None:
    record = parsed(range=value, statusCode="206")
    assert (record.range_start, record.range_end) == expected


@pytest.mark.parametrize(
    ("status", "last_byte", "aborted"),
    [("200", "0", True), ("200", 0, True), ("200", "1", False), ("206", "0", False), ("200", ..., False)],
)
def test_a_200_without_the_last_byte_is_aborted(status: str, last_byte: object, aborted: bool) -> None:
    assert parsed(statusCode=status, lastByte=last_byte).aborted is aborted


@pytest.mark.parametrize(("value", "internal"), [("0", False), ("1", True), ("2", True), (2, True), (..., False)])
def test_midgress_is_internal(value: object, internal: bool) -> None:
    assert parsed(isMidgress=value).internal is internal


def test_status_0_means_that_nothing_was_answered() -> None:
    assert parsed(statusCode="0", bytes="0").status == 0


@pytest.mark.parametrize(
    ("different", "request_id"),
    [
        ({}, "1a2b3c4d-198.51.100.7"),
        ({"isMidgress": "1", "edgeIP": "198.51.100.9"}, "1a2b3c4d-198.51.100.9"),
        ({"edgeIP": ...}, "1a2b3c4d-"),
        ({"reqId": ...}, ""),
        ({"reqId": "-"}, ""),
    ],
    ids=["of a viewer", "of its midgress row", "no edge", "not logged", "null"],
)
def test_a_short_id_is_told_from_the_same_one_of_another_server(different: dict[str, Any], request_id: str) -> None:
    assert parsed(**different).request_id == request_id


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("ExamplePlayer%2F3.1%20(tvOS)", "ExamplePlayer/3.1 (tvOS)"),
        ("Mozilla%2F5.0+%28Macintosh%3B+Intel%29", "Mozilla/5.0 (Macintosh; Intel)"),
        ("A%2520b", "A%20b"),
        ("^", ""),
        ("-", ""),
    ],
    ids=["%20", "plus", "once only", "empty", "missing"],
)
def test_a_user_agent_is_decoded_once(agent: str, expected: str) -> None:
    assert parsed(UA=agent).user_agent == expected
