"""Every format: whatever number stands in a line, and with a NUL in its path, it is a record or a reject."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec
import pytest

from collectors.batches.records import InvalidLine, LineParser
from collectors.parsers.registry import FORMATS
from tests.support.log_lines import is_record_or_reject

_REQUEST: Final = "GET /a1/720p/segment-42.m4s HTTP/2.0"
_COMBINED: Final = f'203.0.113.5 - - [23/Nov/2026:07:00:00 +0000] "{_REQUEST}" 206 524288 "-" "ExamplePlayer/3.1"'
_GCORE: Final = {
    "remote_addr": "203.0.113.50",
    "time_local": "[23/Nov/2026:07:00:00 +0000]",
    "request": _REQUEST,
    "status": "200",
    "body_bytes_sent": "834112",
    "bytes_sent": "834590",
    "http_user_agent": "ExamplePlayer/3.1",
    "request_time": "0.268",
    "upstream_cache_status": "HIT",
    "sent_http_content_range": "bytes 0-834111/834112",
    "shield_type": "shield_no",
    "scheme": "https",
}
_CDN77: Final = {
    "startTimeMs": 1795417200123,
    "requestTimeMs": 268,
    "timeToFirstByteMs": 12,
    "cacheStatus": "HIT",
    "clientRequestMethod": "GET",
    "clientRequestPath": "/a1/720p/segment-42.m4s",
    "clientRequestProtocol": "HTTP20",
    "clientRequestCompleted": True,
    "responseStatus": 206,
    "responseBytes": 524690,
    "responseContentRange": "bytes 0-524287/1183321",
}
_AKAMAI: Final = {
    "version": 3,
    "reqId": "1a2b3c4d",
    "reqTimeSec": "1795417200.118",
    "bytes": "1183321",
    "statusCode": "200",
    "reqMethod": "GET",
    "reqPath": "a1/720p/segment-42.m4s",
    "rspContentLen": "1183321",
    "objSize": "1183321",
    "overheadBytes": "412",
    "totalBytes": "1183733",
    "range": "37334-42356",
    "reqEndTimeMSec": "1",
    "turnAroundTimeMSec": "3",
    "timeToFirstByte": "4",
    "transferTimeMSec": "181",
    "cacheStatus": "1",
    "lastByte": "1",
}
_CLOUDFRONT: Final = {
    "timestamp": "1795417200.391",
    "time-to-first-byte": "0.004",
    "sc-status": "206",
    "sc-bytes": "702113",
    "cs-method": "GET",
    "cs-uri-stem": "/a1/720p/segment-42.m4s",
    "time-taken": "0.913",
    "sc-content-len": "702000",
    "sc-range-start": "0",
    "sc-range-end": "701999",
}
_GOOGLE_REQUEST: Final = {
    "requestMethod": "GET",
    "requestUrl": "https://vod.example.com/a1/720p/segment-42.m4s",
    "status": 206,
    "responseSize": "524690",
    "latency": "0.268s",
    "cacheHit": True,
}
#: Options and a line of each format: every number that its parser reads, and "720p" in the path alone.
SAMPLES: Final[dict[tuple[str, str], tuple[dict[str, Any], str]]] = {
    ("fastly", "json"): (
        {},
        json.dumps(
            {
                "v": 1,
                "end_ms": 1795417200391,
                "ts_ms": 1795417200123,
                "elapsed_us": 268031,
                "ttfb": 0.012,
                "edge": 1,
                "inner": 0,
                "method": "GET",
                "url": "/a1/720p/segment-42.m4s",
                "status": 206,
                "body": 524288,
                "clen": 524288,
                "crange": "bytes 0-524287/1183321",
                "done": 1,
            }
        ),
    ),
    ("cloudflare", "json"): (
        {},
        json.dumps(
            {
                "ClientRequestMethod": "GET",
                "ClientRequestPath": "/a1/720p/segment-42.m4s",
                "ClientRequestSource": "eyeball",
                "EdgeStartTimestamp": 1795417200123000000,
                "EdgeEndTimestamp": 1795417200391000000,
                "EdgeResponseBodyBytes": 834112,
                "EdgeResponseStatus": 206,
                "EdgeTimeToFirstByteMs": 9,
                "ResponseHeaders": {"content-range": "bytes 0-834111/1183321", "content-length": "834112"},
            }
        ),
    ),
    ("akamai", "json"): ({}, json.dumps(_AKAMAI)),
    ("akamai", "structured"): ({"fields": list(_AKAMAI)}, " ".join(map(str, _AKAMAI.values()))),
    ("cloudfront", "json"): ({}, json.dumps({**_CLOUDFRONT, "timestamp(ms)": "1795417200391"})),
    ("cloudfront", "tab"): ({"fields": list(_CLOUDFRONT)}, "\t".join(_CLOUDFRONT.values())),
    ("generic", "json"): (
        {"fields": {name: name for name in ("status", "body_bytes", "method", "path", "end_time", "elapsed")}},
        json.dumps(
            {
                "status": 200,
                "body_bytes": 834112,
                "method": "GET",
                "path": "/a1/720p/segment-42.m4s",
                "end_time": 1795417200391,
                "elapsed": 268,
            }
        ),
    ),
    ("google_cloud_cdn", "json"): (
        {},
        json.dumps({"insertId": "1abc", "timestamp": "2026-11-23T07:00:00.391882Z", "httpRequest": _GOOGLE_REQUEST}),
    ),
    ("google_media_cdn", "json"): (
        {},
        json.dumps(
            {
                "jsonPayload": {"latency": "0.268s", "httpTtfb": "0.1s"},
                "insertId": "1abc",
                "timestamp": "2026-11-23T07:00:00.391882Z",
                "httpRequest": _GOOGLE_REQUEST,
            }
        ),
    ),
    ("azure_front_door", "json"): (
        {},
        json.dumps(
            {
                "time": "2026-11-23T07:00:00.3918821Z",
                "properties": {
                    "httpMethod": "GET",
                    "httpVersion": "2.0.0.0",
                    "requestUri": "https://vod.example.com:443/a1/720p/segment-42.m4s",
                    "responseBytes": "834412",
                    "timeTaken": "0.268",
                    "timeToFirstByte": "0.004",
                    "httpStatusCode": "200",
                },
            }
        ),
    ),
    ("bunny", "plain"): (
        {},
        f"HIT|206|1795417200391|524690|390001|203.0.113.0|-|https://a.example/a1/720p/segment-42.ts|DE|-|{32 * '0'}|FR",
    ),
    ("keycdn", "pipe"): (
        {},
        f'1795417200.391|defr|203.0.113.0|206|524690|u1|z2|a.example|HIT|"{_REQUEST}"|-|"-"|"-"|https||||""|bytes=0-9',
    ),
    ("cdn77", "json"): ({}, json.dumps(_CDN77)),
    ("cdn77", "tsv"): ({"fields": list(_CDN77)}, "\t".join(map(str, _CDN77.values()))),
    ("cdn77", "csv"): ({"fields": list(_CDN77)}, ",".join(map(str, _CDN77.values()))),
    ("gcore", "json"): ({}, json.dumps(_GCORE)),
    ("gcore", "text"): ({"fields": list(_GCORE)}, " ".join(f'"{value}"' for value in _GCORE.values())),
    ("nginx", "json"): (
        {},
        json.dumps(
            {
                "msec": 1795417200.391,
                "request_time": 0.268,
                "status": "206",
                "request_method": "GET",
                "request_uri": "/a1/720p/segment-42.m4s",
                "body_bytes_sent": 524288,
                "sent_http_content_range": "bytes 0-524287/1183321",
                "sent_http_content_length": "524288",
                "request_completion": "OK",
                "cdn_internal": 0,
            }
        ),
    ),
    ("nginx", "combined"): ({}, _COMBINED),
    ("varnish", "json"): (
        {},
        json.dumps(
            {
                "start_us": "1795417200123000",
                "elapsed_us": "268031",
                "status": "206",
                "method": "GET",
                "url": "/a1/720p/segment-42.m4s",
                "body": "524288",
                "content_length": "524288",
                "content_range": "bytes 0-524287/1183321",
                "ttfb_s": "0.000812",
                "internal": "",
            }
        ),
    ),
    ("varnish", "combined"): ({}, _COMBINED),
}
_EXTREMES: Final = ("1000", "5000000000", "9" * 15, str(2**53 + 1), "9" * 18, str(2**64), "9" * 400, "-1", "1e400")
_NUMBER: Final = re.compile(r"\d+")

every_format = pytest.mark.parametrize("known", SAMPLES, ids=" ".join)


def parser(known: tuple[str, str]) -> LineParser:
    chosen = FORMATS[known]
    return chosen.parser(msgspec.convert(SAMPLES[known][0], chosen.options))


def test_every_format_has_a_sample() -> None:
    assert SAMPLES.keys() == FORMATS.keys()


@every_format
def test_a_sample_is_a_record(known: tuple[str, str]) -> None:
    assert parser(known)(SAMPLES[known][1].encode()).path.startswith("/a1/720p/segment-42.")


@every_format
def test_any_number_in_any_place_is_a_record_or_a_reject(known: tuple[str, str]) -> None:
    parse, line = parser(known), SAMPLES[known][1]
    for place in _NUMBER.finditer(line):
        for extreme in _EXTREMES:
            changed = line[: place.start()] + extreme + line[place.end() :]
            assert is_record_or_reject(parse, changed.encode()), changed


@every_format
def test_a_nul_in_the_path_is_a_reject(known: tuple[str, str]) -> None:
    """No text in Postgres can hold one: the path of an unresolved record would stop billing."""
    line = SAMPLES[known][1]
    nul = r"\u0000" if line.startswith("{") else "\0"
    with pytest.raises(InvalidLine, match="bad-field"):
        parser(known)(line.replace("720p", f"720{nul}p").encode())
