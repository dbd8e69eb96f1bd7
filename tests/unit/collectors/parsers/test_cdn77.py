"""CDN77's lines: JSON, and columns in a configured order."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers import cdn77
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines, separated_lines

#: A line as customers publish them, with other addresses and names.
LINE: dict[str, Any] = {
    "timestamp": "2026-11-23T07:00:00.123Z",
    "startTimeMs": 1795417200123,
    "tcpRTTus": 42321,
    "requestTimeMs": 268,
    "timeToFirstByteMs": 12,
    "resourceID": 1693215245,
    "cacheAge": 2,
    "cacheStatus": "HIT",
    "clientCountry": "US",
    "clientIP": "203.0.113.77",
    "clientPort": 61825,
    "clientASN": 64500,
    "clientRequestAccept": "*/*",
    "clientRequestBytes": 65,
    "clientRequestCompleted": True,
    "clientRequestConnTimeout": False,
    "clientRequestContentType": "",
    "clientRequestHost": "1693215245.rsc.cdn77.org",
    "clientRequestMethod": "GET",
    "clientRequestPath": "/film/720p/segment-42.m4s",
    "clientRequestProtocol": "HTTP20",
    "clientRequestRange": "bytes=0-524287",
    "clientRequestReferer": "https://www.example.com/",
    "clientRequestScheme": "HTTPS",
    "clientRequestServerPush": False,
    "clientRequestUserAgent": "ExamplePlayer/3.1",
    "clientRequestVia": "",
    "clientRequestXForwardedFor": "203.0.113.0",
    "clientSSLCipher": "TLS_AES_256_GCM_SHA384",
    "clientSSLFlags": 1,
    "clientSSLProtocol": "TLS13",
    "locationID": "losangelesUSCA",
    "serverIP": "198.51.100.39",
    "serverPort": 443,
    "responseStatus": 206,
    "responseBytes": 524690,
    "responseContentType": "video/iso.segment",
    "responseContentRange": "bytes 0-524287/1183321",
    "responseContentEncoding": "",
}
COLUMNS = [str(LINE[name]) for name in cdn77.FIELDS]
RECORD = Record(
    event_time_ms=1_795_417_200_391,
    status=206,
    path="/film/720p/segment-42.m4s",
    method=Method.METHOD_GET,
    host="1693215245.rsc.cdn77.org",
    body_bytes=524_288,
    object_bytes=1_183_321,
    aborted=False,
    internal=False,
    cache_status=CacheStatus.CACHE_STATUS_HIT,
    client_ip="203.0.113.77",
    user_agent="ExamplePlayer/3.1",
    pop="losangelesUSCA",
    time_to_first_byte_ms=12,
    elapsed_ms=268,
    request_id="",
    range_start=0,
    range_end=524_287,
)

parse = cdn77.json_parser(cdn77.JsonOptions())
parse_tsv = cdn77.tsv_parser(cdn77.ColumnOptions())
parse_csv = cdn77.csv_parser(cdn77.ColumnOptions())


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return parse(json.dumps({key: value for key, value in fields.items() if value is not ...}).encode())


def quoted(columns: list[str]) -> bytes:
    return ",".join(f'"{column}"' for column in columns).encode()


def test_every_field_of_a_json_line() -> None:
    assert parsed() == RECORD


@pytest.mark.parametrize(
    ("read", "line"),
    [
        (parse_tsv, "\t".join(COLUMNS).encode()),
        (parse_csv, ",".join(COLUMNS).encode()),
        (parse_csv, quoted(COLUMNS)),
    ],
    ids=["TSV", "CSV", "quoted CSV"],
)
def test_columns_in_the_order_of_the_keys_say_the_same(read: LineParser, line: bytes) -> None:
    assert read(line) == RECORD


def test_the_order_of_columns_is_the_configured_one() -> None:
    names = ("responseStatus", "clientRequestPath", "clientRequestMethod", "responseBytes", "startTimeMs")
    read = cdn77.csv_parser(cdn77.ColumnOptions(fields=names))
    assert read(b'200,"/a,b",GET,1000,1795417200123') == Record(
        event_time_ms=1_795_417_200_123, status=200, path="/a,b", method=Method.METHOD_GET, body_bytes=400
    )


@pytest.mark.parametrize(
    ("different", "body", "object_bytes"),
    [
        ({}, 524_288, 1_183_321),
        ({"responseBytes": 524_288}, 524_288, 1_183_321),
        ({"responseBytes": 524_287}, 523_987, 1_183_321),
        ({"responseContentRange": "", "responseStatus": 200}, 524_390, None),
        ({"responseContentRange": "", "responseStatus": 200, "clientRequestProtocol": "HTTP11"}, 524_090, None),
        ({"responseContentRange": "", "responseStatus": 200, "clientRequestProtocol": ""}, 524_090, None),
        ({"responseBytes": 200, "responseContentRange": ""}, 0, None),
    ],
    ids=["whole range", "body only", "cut off", "HTTP/2", "HTTP/1", "unknown protocol", "headers only"],
)
def test_body_bytes_hold_whether_headers_are_counted_or_not(
    different: dict[str, Any], body: int, object_bytes: int | None
) -> None:
    record = parsed(**different)
    assert (record.body_bytes, record.object_bytes) == (body, object_bytes)


@pytest.mark.parametrize(
    ("completed", "aborted"),
    [(True, False), (False, True), ("false", True), ("False", True), ("1", False), (..., False)],
)
def test_a_request_that_was_not_completed_is_aborted(completed: object, aborted: bool) -> None:
    assert parsed(clientRequestCompleted=completed).aborted is aborted


@pytest.mark.parametrize(
    ("different", "event_time_ms", "elapsed_ms"),
    [({}, 1_795_417_200_391, 268), ({"requestTimeMs": ...}, 1_795_417_200_123, None)],
    ids=["start and duration", "start only"],
)
def test_event_time_is_the_end_of_the_response(
    different: dict[str, Any], event_time_ms: int, elapsed_ms: int | None
) -> None:
    record = parsed(**different)
    assert (record.event_time_ms, record.elapsed_ms) == (event_time_ms, elapsed_ms)


def test_a_line_of_names_is_told_from_log_lines() -> None:
    options = cdn77.ColumnOptions(header=True)
    is_tsv_header, is_csv_header = cdn77.tsv_header(options), cdn77.csv_header(options)
    assert is_tsv_header is not None
    assert is_csv_header is not None
    assert is_tsv_header("\t".join(cdn77.FIELDS).encode())
    assert is_csv_header(",".join(cdn77.FIELDS).encode())
    assert is_csv_header(quoted(list(cdn77.FIELDS)))
    assert not is_csv_header(",".join(reversed(cdn77.FIELDS)).encode())
    assert not is_tsv_header("\t".join(COLUMNS).encode())


def test_files_have_no_line_of_names_unless_configured() -> None:
    assert cdn77.tsv_header(cdn77.ColumnOptions()) is None
    assert cdn77.csv_header(cdn77.ColumnOptions()) is None


@pytest.mark.parametrize(
    "missing", ["startTimeMs", "responseStatus", "responseBytes", "clientRequestPath", "clientRequestMethod"]
)
def test_a_list_of_fields_without_what_billing_needs_is_refused(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=missing):
        msgspec.convert({"fields": [name for name in cdn77.FIELDS if name != missing]}, cdn77.ColumnOptions)


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"startTimeMs", "bad-json", "not JSON"),
        (b"{}", "bad-field", "startTimeMs"),
        (json.dumps({**LINE, "startTimeMs": "soon"}).encode(), "bad-field", "startTimeMs"),
        (json.dumps({**LINE, "responseStatus": 1000}).encode(), "bad-field", "responseStatus"),
        (json.dumps({**LINE, "responseBytes": -1}).encode(), "bad-field", "responseBytes"),
        (json.dumps({**LINE, "clientRequestPath": "-"}).encode(), "bad-field", "no path"),
    ],
    ids=["no JSON", "empty", "no time", "status", "negative", "no path"],
)
def test_a_json_line_that_cannot_be_billed_is_rejected(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("\t".join(COLUMNS[:-1]).encode(), "38 columns, not 39"),
        ("\t".join([*COLUMNS, "new"]).encode(), "40 columns, not 39"),
        ("\t".join(cdn77.FIELDS).encode(), "Expected `int`"),
        (b"", "1 columns, not 39"),
    ],
    ids=["fewer", "more", "names", "empty"],
)
def test_columns_that_are_not_the_configured_ones_are_rejected(line: bytes, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse_tsv(line)
    assert caught.value.reason == "bad-field"


@given(json_lines(LINE))
def test_any_json_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(separated_lines(COLUMNS, "\t"))
def test_any_tsv_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_tsv, line)


@given(separated_lines(COLUMNS, ","))
def test_any_csv_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_csv, line)
