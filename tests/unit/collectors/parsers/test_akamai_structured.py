"""DataStream 2 lines between spaces or tabs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers import akamai, akamai_structured
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import is_record_or_reject, tab_lines

#: The documented sample (page "Log format"), cut to the fields before its unused ones.
FIELDS = [
    "version",
    "streamId",
    "cp",
    "reqId",
    "reqTimeSec",
    "bytes",
    "cliIP",
    "statusCode",
    "proto",
    "reqHost",
    "reqMethod",
    "reqPath",
    "reqPort",
    "rspContentLen",
    "rspContentType",
    "UA",
    "tlsOverheadTimeMSec",
    "tlsVersion",
    "objSize",
    "uncompressedSize",
    "overheadBytes",
    "totalBytes",
    "range",
    "reqEndTimeMSec",
    "turnAroundTimeMSec",
    "transferTimeMSec",
    "lastByte",
    "edgeIP",
    "cacheStatus",
]
LINE = (
    "3 70123 900001 1a2b3c4d 1795417200.118 1183321 203.0.113.24 200 HTTPS live.example.com GET "
    "ch7/1080p/seg-44821.m4s 443 - - ExamplePlayer%2F3.1+(tvOS) 0 TLSv1.3 1183321 - 412 1183733 "
    "37334-42356 - 3 181 1 198.51.100.7 1"
)
STREAM = json.loads((Path(akamai.__file__).parent / "akamai.data-stream.tf.json").read_text())


def parser(fields: list[str] = FIELDS, **options: Any) -> LineParser:
    converted = msgspec.convert({"fields": fields, **options}, akamai_structured.Options)
    return akamai_structured.parser(converted)


parse = parser()


def parsed(**different: str) -> Record:
    values = [different.get(name, value) for name, value in zip(FIELDS, LINE.split(" "), strict=True)]
    return parse(" ".join(values).encode())


def test_every_field_of_a_documented_line() -> None:
    assert parse(LINE.encode()) == Record(
        event_time_ms=1_795_417_200_302,
        status=200,
        path="/ch7/1080p/seg-44821.m4s",
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
        time_to_first_byte_ms=None,
        elapsed_ms=184,
        request_id="1a2b3c4d-198.51.100.7",
        range_start=37_334,
        range_end=42_356,
    )


def test_a_line_says_what_the_same_fields_say_in_json() -> None:
    fields = dict(zip(FIELDS, LINE.split(" "), strict=True))
    as_json = json.dumps({name: value for name, value in fields.items() if value != "-"})
    assert parse(LINE.encode()) == akamai.parser(akamai.Options())(as_json.encode())


def test_tabs_delimit_where_the_source_says_so() -> None:
    assert parser(delimiter="tab")(LINE.replace(" ", "\t").encode()) == parse(LINE.encode())


def test_the_order_of_the_stream_decides() -> None:
    backwards = " ".join(reversed(LINE.split(" ")))
    assert parser(list(reversed(FIELDS)))(backwards.encode()) == parse(LINE.encode())


def test_the_published_stream_is_read_in_its_own_order() -> None:
    fields = ["version", *STREAM["locals"]["fields"]]
    values = {"version": "3", **dict(zip(FIELDS, LINE.split(" "), strict=True))}
    line = " ".join(values.get(name, "-") for name in fields)
    assert parser(fields)(line.encode()) == parse(LINE.encode())


@pytest.mark.parametrize("null", ["-", "", "^"])
def test_every_null_is_a_field_that_is_not_logged(null: str) -> None:
    record = parsed(objSize=null, rspContentLen=null, UA=null, range=null, lastByte=null, transferTimeMSec=null)
    assert (record.object_bytes, record.user_agent, record.range_start, record.aborted, record.elapsed_ms) == (
        None,
        "",
        None,
        False,
        3,
    )


def test_rows_between_servers_are_internal() -> None:
    assert parser([*FIELDS, "isMidgress"])(f"{LINE} 2".encode()).internal
    assert not parser([*FIELDS, "isMidgress"])(f"{LINE} 0".encode()).internal


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (LINE.rpartition(" ")[0].encode(), "bad-field", "28 columns, the source declares 29"),
        (f"{LINE} x".encode(), "bad-field", "30 columns"),
        (LINE.replace(" ", "\t").encode(), "bad-field", "1 columns"),
        (LINE.replace("1795417200.118", "soon").encode(), "bad-field", "reqTimeSec"),
        (LINE.replace("1795417200.118", "-").encode(), "bad-field", "reqTimeSec"),
        (LINE.replace(" 200 ", " lost ").encode(), "bad-field", "statusCode"),
        (b"\xff" + LINE.encode(), "bad-encoding", "UTF-8"),
        (b"", "bad-field", "columns"),
    ],
    ids=["too few", "too many", "other delimiter", "no time", "null time", "status", "not UTF-8", "empty"],
)
def test_a_line_that_cannot_be_billed_is_rejected(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"fields": []}, "length >= 1"),
        ({"fields": [name for name in FIELDS if name != "reqTimeSec"]}, "no 'reqTimeSec'"),
        ({"fields": [name for name in FIELDS if name != "statusCode"]}, "no 'statusCode'"),
        ({"fields": [name for name in FIELDS if name != "bytes"]}, "no 'bytes'"),
        ({"fields": [name for name in FIELDS if name != "reqPath"]}, "no 'reqPath'"),
        ({"fields": [name for name in FIELDS if name != "reqMethod"]}, "no 'reqMethod'"),
        ({"fields": [*FIELDS, "bytes"]}, "'bytes' twice"),
        ({"fields": FIELDS, "delimiter": "comma"}, "comma"),
        ({"fields": FIELDS, "colour": "red"}, "colour"),
    ],
)
def test_options_that_no_record_can_be_made_of_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(options, akamai_structured.Options)


@pytest.mark.parametrize("missing", [(), ("reqId",), ("edgeIP",)])
def test_a_request_is_told_by_its_number_and_its_server(missing: tuple[str, ...]) -> None:
    fields = tuple(name for name in FIELDS if name not in missing)
    options = akamai_structured.Options(fields=fields)
    assert akamai_structured.FORMAT.has_request_id(options) is not bool(missing)


@pytest.mark.parametrize(
    ("body", "probe"),
    [
        (b"test", True),
        (b'{"message":"sample"}', True),
        (LINE.encode(), False),
        (LINE.replace(" ", "\t").encode(), False),
        (LINE.replace("1795417200.118", "1795417200").encode(), False),
        (b"x" * 4_097, False),
    ],
    ids=["text", "json", "a log line", "a log line of tabs", "a log line of whole seconds", "too large"],
)
def test_the_sample_request_of_a_new_stream_is_a_probe(body: bytes, probe: bool) -> None:
    assert akamai_structured.is_probe(body) is probe


@given(tab_lines(LINE.split(" ")), st.sampled_from([b" ", b"\t"]))
def test_any_line_is_a_record_or_a_reject(line: bytes, delimiter: bytes) -> None:
    assert is_record_or_reject(parse, line.replace(b"\t", delimiter))
