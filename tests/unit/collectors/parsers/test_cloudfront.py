"""CloudFront's two variants: standard v2 JSON and real-time lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import cloudfront
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, json_lines, tab_lines

LINE = {
    "date": "2026-11-23",
    "time": "07:00:00",
    "x-edge-location": "FRA56-P4",
    "sc-bytes": "1184010",
    "c-ip": "203.0.113.77",
    "cs-method": "GET",
    "cs(Host)": "d111111abcdef8.cloudfront.net",
    "cs-uri-stem": "/vod/a%20b/seg_00012.m4s",
    "sc-status": "206",
    "cs(Referer)": "-",
    "cs(User-Agent)": "ExamplePlayer/3.1%20(iOS)",
    "cs-uri-query": "-",
    "x-edge-result-type": "Hit",
    "x-edge-request-id": "EXAMPLEp7Zl9Qm2uV0yYJmXo1dWm8h3w==",
    "x-host-header": "vod.example.com",
    "cs-protocol": "https",
    "time-taken": "0.268",
    "x-forwarded-for": "-",
    "ssl-protocol": "TLSv1.3",
    "x-edge-response-result-type": "Hit",
    "cs-protocol-version": "HTTP/2.0",
    "time-to-first-byte": "0.004",
    "x-edge-detailed-result-type": "Hit",
    "sc-content-type": "video/mp4",
    "sc-content-len": "1183321",
    "sc-range-start": "0",
    "sc-range-end": "1183320",
}
FIELDS = [
    "timestamp",
    "c-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-host",
    "cs-uri-stem",
    "x-edge-location",
    "x-edge-request-id",
    "time-taken",
    "x-edge-response-result-type",
    "x-edge-result-type",
    "sc-range-start",
    "sc-range-end",
    "asn",
    "cmcd-object-duration",
    "cmcd-object-type",
]
TABS = [
    "1795417200.391",
    "2001:db8:5::1",
    "0.004",
    "200",
    "702113",
    "GET",
    "live.example.com",
    "/ch7/v/44821.m4s?tok=a",
    "FRA56-P4",
    "EXAMPLE1aBcD==",
    "0.913",
    "Hit",
    "Error",
    "-",
    "-",
    "64503",
    "4004",
    "v",
]

SETTINGS = Path(cloudfront.__file__).parent
STANDARD = json.loads((SETTINGS / "cloudfront.standard-logs.json").read_text())
REAL_TIME = json.loads((SETTINGS / "cloudfront.real-time-logs.json").read_text())
FIREHOSE = json.loads((SETTINGS / "cloudfront.firehose.json").read_text())
READ = {field.encode_name for field in msgspec.structs.fields(cloudfront._Row)}
#: Order in which CloudFront writes real-time fields (page "Use real-time logs"), as far as they are read.
REAL_TIME_ORDER = [
    "timestamp",
    "c-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-host",
    "cs-uri-stem",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "cs-user-agent",
    "x-edge-response-result-type",
    "x-edge-result-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "x-edge-detailed-result-type",
]

parse_json = cloudfront.json_parser(cloudfront.JsonOptions())
parse_tabs = cloudfront.tab_parser(cloudfront.TabOptions(fields=tuple(FIELDS)))


def parsed(**different: Any) -> Record:
    return parse_json(json.dumps({**LINE, **different}).encode())


def test_every_field_of_a_standard_line() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_000,
        status=206,
        path="/vod/a%20b/seg_00012.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=1_183_321,
        object_bytes=None,
        aborted=False,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.77",
        user_agent="ExamplePlayer/3.1 (iOS)",
        pop="FRA56-P4",
        time_to_first_byte_ms=4,
        elapsed_ms=268,
        request_id="EXAMPLEp7Zl9Qm2uV0yYJmXo1dWm8h3w==",
        range_start=0,
        range_end=1_183_320,
    )


def test_every_field_of_a_real_time_line() -> None:
    assert parse_tabs("\t".join(TABS).encode()) == Record(
        event_time_ms=1_795_417_200_391,
        status=200,
        path="/ch7/v/44821.m4s",
        method=Method.METHOD_GET,
        host="live.example.com",
        body_bytes=701_513,
        object_bytes=None,
        aborted=True,
        internal=False,
        cache_status=CacheStatus.CACHE_STATUS_OTHER,
        client_ip="2001:db8:5::1",
        user_agent="",
        pop="FRA56-P4",
        time_to_first_byte_ms=4,
        elapsed_ms=913,
        request_id="EXAMPLE1aBcD==",
        range_start=None,
        range_end=None,
    )


def test_json_numbers_say_the_same_as_strings() -> None:
    numbers = {
        "sc-bytes": 1184010,
        "sc-status": 206,
        "time-taken": 0.268,
        "time-to-first-byte": 0.004,
        "sc-content-len": 1183321,
        "sc-range-start": 0,
        "sc-range-end": 1183320,
    }
    assert parsed(**numbers) == parsed()


def test_the_viewers_host_is_found_where_each_variant_has_it() -> None:
    assert (
        parsed(**{"cs-host": "viewer.example.com", "x-host-header": "d1.cloudfront.net"}).host == "viewer.example.com"
    )
    assert parsed(**{"x-host-header": "-"}).host == "d111111abcdef8.cloudfront.net"


@pytest.mark.parametrize(
    ("different", "event_time_ms"),
    [
        ({"timestamp(ms)": "1795417200391"}, 1_795_417_200_391),
        ({"timestamp(ms)": 1795417200391}, 1_795_417_200_391),
        ({"timestamp(ms)": "-"}, 1_795_417_200_000),
        ({"timestamp": "1795417200.391"}, 1_795_417_200_391),
        ({"timestamp": "-"}, 1_795_417_200_000),
        ({}, 1_795_417_200_000),
    ],
    ids=["milliseconds", "milliseconds as number", "null", "seconds", "null seconds", "date and time"],
)
def test_event_time_is_the_end_of_the_response_as_fine_as_it_is_logged(
    different: dict[str, Any], event_time_ms: int
) -> None:
    assert parsed(**different).event_time_ms == event_time_ms


@pytest.mark.parametrize(
    ("logged", "path"),
    [
        ("/vod/a/segment-1.ts", "/vod/a/segment-1.ts"),
        ("/vod/a%2520b/segment-1.ts", "/vod/a%20b/segment-1.ts"),
        ("/vod/a%20b/segment-1.ts", "/vod/a%20b/segment-1.ts"),
        ("/vod/100%252525.ts", "/vod/100%2525.ts"),
    ],
    ids=["plain", "encoded twice", "encoded once", "a percent sign"],
)
def test_the_second_encoding_of_a_path_is_taken_off_and_the_viewers_own_stays(logged: str, path: str) -> None:
    assert parsed(**{"cs-uri-stem": logged}).path == path


@pytest.mark.parametrize(
    "different",
    [
        {},
        {"sc-range-start": "0", "sc-range-end": "1183320", "sc-content-len": "1183321"},
        {"sc-range-start": "-", "sc-range-end": "-"},
    ],
    ids=["a range", "from the first byte", "no range"],
)
def test_the_size_of_an_object_that_was_sent_in_part_is_unknown(different: dict[str, str]) -> None:
    assert parsed(**different, **{"sc-status": "206"}).object_bytes is None


@pytest.mark.parametrize(
    ("total", "different", "body"),
    [
        (1_184_010, {}, 1_183_321),
        (1_183_321, {}, 1_183_321),
        (1_183_320, {}, 1_183_020),
        (100, {}, 0),
        (1_500, {"sc-range-start": "-", "sc-range-end": "-", "sc-content-len": "900"}, 900),
        (1_500, {"sc-range-start": "-", "sc-range-end": "-", "sc-content-len": "-"}, 1_200),
        (
            1_500,
            {"sc-range-start": "-", "sc-range-end": "-", "sc-content-len": "-", "cs-protocol-version": "HTTP/1.1"},
            900,
        ),
        (1_500, {"sc-range-start": "9", "sc-range-end": "5", "sc-content-len": "-"}, 0),
    ],
    ids=["whole range", "no headers at all", "cut off", "headers only", "length", "h2", "h1", "absurd range"],
)
def test_body_bytes_are_estimated_from_the_total(total: int, different: dict[str, str], body: int) -> None:
    assert parsed(**{"sc-bytes": str(total), **different}).body_bytes == body


@given(total=st.integers(min_value=0, max_value=2**40), length=st.none() | st.integers(min_value=0, max_value=2**40))
def test_the_estimate_is_never_more_than_was_sent_or_expected(total: int, length: int | None) -> None:
    record = parsed(
        **{
            "sc-bytes": total,
            "sc-content-len": "-" if length is None else length,
            "sc-range-start": "-",
            "sc-status": "200",
        }
    )
    assert 0 <= record.body_bytes <= (total if length is None else min(total, length))
    assert record.object_bytes == length


@pytest.mark.parametrize(
    ("different", "status", "aborted"),
    [
        ({"sc-status": "000", "x-edge-result-type": "Error"}, 0, True),
        ({"x-edge-result-type": "Error"}, 206, True),
        ({"x-edge-result-type": "Error", "x-edge-response-result-type": "Error", "sc-status": "502"}, 502, False),
        ({"x-edge-result-type": "Error", "x-edge-response-result-type": "Error", "sc-status": "200"}, 200, True),
        ({"x-edge-result-type": "Error", "x-edge-response-result-type": "-", "sc-status": "206"}, 206, False),
        ({"x-edge-detailed-result-type": "ClientCommError"}, 206, True),
        ({}, 206, False),
    ],
    ids=["left before an answer", "left midway", "error page", "left a 200", "no telling", "detailed", "complete"],
)
def test_a_viewer_that_left_is_told_from_an_error(different: dict[str, str], status: int, aborted: bool) -> None:
    record = parsed(**different)
    assert (record.status, record.aborted) == (status, aborted)


def test_fields_that_are_not_configured_are_not_logged() -> None:
    fields = ("timestamp", "sc-status", "sc-bytes", "cs-uri-stem", "cs-method")
    parse = cloudfront.tab_parser(cloudfront.TabOptions(fields=fields))
    assert parse(b"1795417200.391\t200\t600\t/a\tHEAD") == Record(
        event_time_ms=1_795_417_200_391, status=200, path="/a", method=Method.METHOD_HEAD
    )


def test_the_order_of_fields_is_the_configured_one() -> None:
    fields = ("cs-method", "cs-uri-stem", "sc-bytes", "sc-status", "timestamp", "cs-user-agent")
    parse = cloudfront.tab_parser(cloudfront.TabOptions(fields=fields))
    record = parse(b"GET\t/a?b\t1000\t200\t1795417200\tA%2520b")
    assert (record.path, record.body_bytes, record.event_time_ms, record.user_agent) == (
        "/a",
        400,
        1_795_417_200_000,
        "A%20b",
    )


@pytest.mark.parametrize("missing", ["timestamp", "sc-status", "sc-bytes", "cs-uri-stem", "cs-method"])
def test_a_list_of_fields_without_what_billing_needs_is_refused(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=missing):
        msgspec.convert({"fields": [name for name in FIELDS if name != missing]}, cloudfront.TabOptions)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("\t".join(TABS[:-1]).encode(), "bad-field"),
        ("\t".join([*TABS, "x"]).encode(), "bad-field"),
        (b"\xff" + "\t".join(TABS).encode(), "bad-encoding"),
        ("\t".join(["soon", *TABS[1:]]).encode(), "bad-field"),
        ("\t".join(["1795417200391", *TABS[1:]]).encode(), "bad-field"),
        ("\t".join([*TABS[:3], "lost", *TABS[4:]]).encode(), "bad-field"),
        ("\t".join([*TABS[:3], "-", *TABS[4:]]).encode(), "bad-field"),
        ("\t".join([*TABS[:3], "1000", *TABS[4:]]).encode(), "bad-field"),
        (b"", "bad-field"),
    ],
    ids=["too few", "too many", "not UTF-8", "no time", "milliseconds", "status", "no status", "4 digits", "empty"],
)
def test_a_real_time_line_that_cannot_be_billed_is_rejected(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        parse_tabs(line)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "different",
    [
        {"date": "-"},
        {"date": "23/11/2026"},
        {"time": "25:00:00"},
        {"sc-bytes": "1.5"},
        {"sc-status": True},
        {"sc-bytes": -1},
    ],
)
def test_a_standard_line_that_cannot_be_billed_is_rejected(different: dict[str, Any]) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        parsed(**different)


def test_the_published_standard_logs_have_every_field_that_is_read() -> None:
    real_time_only = {"timestamp", "cs-host", "cs-user-agent"}
    assert set(STANDARD["recordFields"]) == READ - real_time_only


def test_the_published_real_time_logs_have_every_field_that_is_read_in_the_order_that_cloudfront_writes() -> None:
    # The distribution's domain is needed only where the viewer's host is not logged.
    standard_only = {"timestamp(ms)", "date", "time", "cs(Host)", "cs(User-Agent)", "x-host-header"}
    assert set(REAL_TIME["Fields"]) == READ - standard_only
    assert REAL_TIME["Fields"] == [name for name in REAL_TIME_ORDER if name in REAL_TIME["Fields"]]


def test_the_published_real_time_logs_are_not_sampled_and_make_a_source() -> None:
    assert REAL_TIME["SamplingRate"] == 100
    cloudfront.tab_parser(msgspec.convert({"fields": REAL_TIME["Fields"]}, cloudfront.TabOptions))


def test_the_published_stream_tries_as_long_as_it_can_and_keeps_what_it_could_not_deliver() -> None:
    destination = FIREHOSE["HttpEndpointDestinationConfiguration"]
    assert (destination["RetryOptions"], destination["S3BackupMode"]) == ({"DurationInSeconds": 7200}, "FailedDataOnly")


@given(json_lines({**LINE, "timestamp": "1795417200.391"}))
def test_any_json_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_json, line)


@given(tab_lines(TABS))
def test_any_tab_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse_tabs, line)
