"""Gcore's lines: JSON, and text with quoted columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import gcore
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import damaged_lines, is_record_or_reject, json_lines, separated_lines

SETTINGS = Path(gcore.__file__).parent
LINE: dict[str, Any] = {
    "remote_addr": "203.0.113.50",
    "time_local": "[23/Nov/2026:07:00:00 +0000]",
    "request": "GET /v/720p/segment-44.m4s?k=1 HTTP/2.0",
    "status": "200",
    "body_bytes_sent": "834112",
    "bytes_sent": "834590",
    "http_referer": "-",
    "http_user_agent": "ExamplePlayer/3.1",
    "hostname": "fr5-hw-edge-gc12",
    "scheme": "https",
    "host": "vod.example.com",
    "request_time": "0.268",
    "http_range": "-",
    "dc": "fr5",
    "upstream_cache_status": "HIT",
    "geoip2_country_code": "FR",
    "geoip2_data_asnumber": "64504",
    "shield_type": "shield_no",
    "connection": "88120931",
    "connection_requests": "17",
    "sent_http_content_type": "video/mp4",
}
#: A line as customers publish them, with other addresses and names: 50 columns in the order of the vendor's page, and
#: one that was added later.
COLUMNS = [
    *("203.0.113.50", "-", "-", "[23/Nov/2026:07:00:00 +0000]", "GET /v1/720p/segment-44.m4s?k=1 HTTP/2.0", "200"),
    *("32141", "-", "ExamplePlayer/3.1", "32617", "[m9p-up-gc30]", "https", "vod.example.com", "0.268", "-", "81"),
    *("-", "[m9p]", "HIT", "-", "-", "1001", "2002", "-", "-", "FR", "Paris", "shield_no", "198.51.100.93", "443"),
    *("-", "-", "-", "-", "-", "64504", "7998725539", "1", "-", "-", "-", "TLS_AES_256_GCM_SHA384", "4c3d", ".", "a/b"),
    *("30444", "FR", "10", "0", "-", "added-later"),
]
#: An edge asking the server of its PoP that holds the object.
SHARDED = {
    **LINE,
    "host": "vod.example.com_cache_sharded",
    "scheme": "http",
    "server_port": "10080",
    "upstream_cache_status": "MISS",
}

parse = gcore.json_parser(gcore.JsonOptions())
parse_text = gcore.text_parser(gcore.TextOptions())


def parsed(**different: Any) -> Record:
    fields = {**LINE, **different}
    return parse(json.dumps({key: value for key, value in fields.items() if value is not ...}).encode())


def text_line(columns: list[str], separator: str = " ", quote: str = '"') -> bytes:
    return separator.join(f"{quote}{column}{quote}" for column in columns).encode()


def test_every_field_of_a_json_line() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_000,
        status=200,
        path="/v/720p/segment-44.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=834_112,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.50",
        user_agent="ExamplePlayer/3.1",
        pop="fr5",
        elapsed_ms=268,
        request_id="fr5-hw-edge-gc12-88120931-17-1795417200",
    )


def test_every_field_of_a_text_line() -> None:
    assert parse_text(text_line(COLUMNS)) == Record(
        event_time_ms=1_795_417_200_000,
        status=200,
        path="/v1/720p/segment-44.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=32_141,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.50",
        user_agent="ExamplePlayer/3.1",
        pop="m9p",
        elapsed_ms=268,
        request_id="m9p-up-gc30-7998725539-1-1795417200",
    )


def test_every_field_of_the_vendors_sample() -> None:
    # gcore.com/docs/cdn/logs/logs-uploader, "Log fields": the example of each field, as far as the line's format goes.
    fields = gcore.FIELDS[: gcore.FIELDS.index("shield_type") + 1]
    read = gcore.text_parser(gcore.TextOptions(fields=fields))
    line = (
        b'"0.0.0.0" "-" "-" "[26/Apr/2019:09:47:40 +0000]" "GET /ContentCommon/images/image.png HTTP/1.1" "200" '
        b'"1514283" "https://example.com/videos/10" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_12_1)" "1514848" '
        b'"[dh-up-gc18]" "https" "cdn.example.com" "1.500" "0.445" "157" "bytes=0-1901653" "[dh]" "MISS" "10485760" '
        b'"0.0.0.0:80" "2510" "7399" "-" "-" "KZ" "-" "shield_no"'
    )
    assert read(line) == Record(
        event_time_ms=1_556_272_060_000,
        status=200,
        path="/ContentCommon/images/image.png",
        method=Method.METHOD_GET,
        host="cdn.example.com",
        body_bytes=1_514_283,
        cache_status=CacheStatus.CACHE_STATUS_MISS,
        client_ip="0.0.0.0",
        user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_12_1)",
        pop="dh",
        elapsed_ms=1_500,
    )


@pytest.mark.parametrize("more", [[], ["new"], ["new", "newer", '""']])
def test_columns_that_were_added_later_are_not_read(more: list[str]) -> None:
    assert parse_text(text_line([*COLUMNS, *more])) == parse_text(text_line(COLUMNS))


@pytest.mark.parametrize(("separator", "quote"), [(";", "'"), (",", '"'), ("\t", "")])
def test_separator_and_quote_are_those_of_the_policy(separator: str, quote: str) -> None:
    options = gcore.TextOptions(field_separator=separator, field_delimiter=quote)
    assert gcore.text_parser(options)(text_line(COLUMNS, separator, quote)) == parse_text(text_line(COLUMNS))


def test_the_request_of_a_shards_neighbour_is_internal() -> None:
    record = parsed(**SHARDED)
    assert (record.internal, record.host) == (True, "vod.example.com")


@pytest.mark.parametrize("shield_type", ["shield_no", "-", "", ...])
def test_viewers_rows_have_no_shield(shield_type: object) -> None:
    assert not parsed(shield_type=shield_type).internal


def test_a_shield_type_that_nobody_named_is_rejected_rather_than_guessed_at() -> None:
    with pytest.raises(InvalidLine) as caught:
        parsed(shield_type="shield_new")
    assert caught.value.reason == "unknown-shield-type"


@pytest.mark.parametrize(
    ("options", "internal"),
    [({"internal_shield_types": ["shield_new"]}, True), ({"viewer_shield_types": ["shield_no", "shield_new"]}, False)],
    ids=["a shield's own", "a viewer's behind a shield"],
)
def test_the_source_names_the_shield_types_it_has(options: dict[str, Any], internal: bool) -> None:
    read = gcore.json_parser(msgspec.convert(options, gcore.JsonOptions))
    assert read(json.dumps({**LINE, "shield_type": "shield_new"}).encode()).internal is internal


@pytest.mark.parametrize(
    ("different", "object_bytes", "last"),
    [
        ({}, None, None),
        ({"sent_http_content_length": "834112"}, 834_112, None),
        (
            {"status": "206", "sent_http_content_length": "5", "sent_http_content_range": "bytes 0-4/900"},
            900,
            4,
        ),
        ({"status": "206", "sent_http_content_length": "5"}, None, None),
    ],
    ids=["default fields", "200", "206", "206 without range"],
)
def test_the_object_size_is_known_where_the_policy_logs_it(
    different: dict[str, Any], object_bytes: int | None, last: int | None
) -> None:
    record = parsed(**different)
    assert (record.object_bytes, record.range_end) == (object_bytes, last)


@pytest.mark.parametrize(
    ("different", "request_id"),
    [
        ({"request_id": "2810577465de6219624300592265177a"}, "2810577465de6219624300592265177a"),
        ({"hostname": ..., "edgename": "[m9p-up-gc30]"}, "m9p-up-gc30-88120931-17-1795417200"),
        ({"connection": 88120931, "connection_requests": 17}, "fr5-hw-edge-gc12-88120931-17-1795417200"),
        ({"connection": "-"}, ""),
        ({"hostname": "-"}, ""),
        ({"connection_requests": ...}, ""),
    ],
    ids=["logged", "text names", "numbers", "no connection", "no edge", "no number of the request"],
)
def test_a_request_is_told_from_every_other(different: dict[str, Any], request_id: str) -> None:
    assert parsed(**different).request_id == request_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (gcore.FIELDS, True),
        ((*gcore.FIELDS[:10], "request_id"), True),
        (gcore.FIELDS[:20], False),
        (tuple(name for name in gcore.FIELDS if name != "edgename"), False),
    ],
    ids=["default", "id", "no connection", "no edge"],
)
def test_repeated_lines_are_recognised_where_the_fields_allow_it(fields: tuple[str, ...], expected: bool) -> None:
    assert gcore.FORMATS["text"].has_request_id(gcore.TextOptions(fields=fields)) is expected


@pytest.mark.parametrize("body", [b"", b"{}", b"test", b'{"test":true}\n', b'"-" "-"'])
def test_the_request_of_a_validation_is_a_probe(body: bytes) -> None:
    assert gcore.is_probe(body)


@pytest.mark.parametrize(
    "body",
    [json.dumps(LINE).encode(), text_line(COLUMNS), b"x" * 5_000],
    ids=["JSON", "text", "large"],
)
def test_a_delivery_is_no_probe(body: bytes) -> None:
    assert not gcore.is_probe(body)


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"x", "bad-json", "not JSON"),
        (b"{}", "bad-field", "time_local"),
        (json.dumps({**LINE, "time_local": "2026-11-23"}).encode(), "bad-field", "a time is not"),
        (json.dumps({**LINE, "status": "lost"}).encode(), "bad-field", "status"),
        (json.dumps({**LINE, "body_bytes_sent": "-1"}).encode(), "bad-field", "body_bytes_sent"),
        (json.dumps({**LINE, "request": "-"}).encode(), "bad-field", "no HTTP request"),
    ],
    ids=["no JSON", "empty", "no CLF time", "status", "negative", "no request"],
)
def test_a_json_line_that_cannot_be_billed_is_rejected(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == reason


def test_a_text_line_with_fewer_columns_than_named_is_rejected() -> None:
    with pytest.raises(InvalidLine, match="49 columns, fewer than the 50") as caught:
        parse_text(text_line(COLUMNS[:49]))
    assert caught.value.reason == "bad-field"


@pytest.mark.parametrize("missing", ["time_local", "request", "status", "body_bytes_sent"])
def test_a_list_of_fields_without_what_billing_needs_is_refused(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=missing):
        msgspec.convert({"fields": [name for name in gcore.FIELDS if name != missing]}, gcore.TextOptions)


def test_the_shipped_policy_logs_what_the_parser_needs_and_every_request() -> None:
    policy = json.loads((SETTINGS / "gcore.policy.json").read_text())
    read = {field.encode_name for field in msgspec.structs.fields(gcore._Row)}
    assert set(policy["fields"]) <= read | {"bytes_sent", "http_range", "server_port", "gcdn_api_resource_id"}
    assert {
        "time_local",
        "request",
        "status",
        "body_bytes_sent",
        "hostname",
        "connection",
        "connection_requests",
    } <= set(policy["fields"])
    assert (policy["format_type"], policy["log_sample_rate"], policy["include_shield_logs"]) == ("json", 1, False)
    assert policy["date_format"] == "[02/Jan/2006:15:04:05 -0700]"


@given(json_lines(LINE))
def test_any_json_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(separated_lines([f'"{column}"' for column in COLUMNS], " ") | damaged_lines(text_line(COLUMNS)))
def test_any_text_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_text, line)
