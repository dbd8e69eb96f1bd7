"""Each CDN writes the same event down in its own way, as its vendor documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from local.traffic import logs
from local.traffic.events import Cdn, Damage, Event, Kind, Viewer

END_MS = 1_795_417_200_391


def event(cdn: Cdn = Cdn.FASTLY, *, protocol: str = "2", **different: Any) -> Event:
    viewer = Viewer(
        address="2001:db8:10::2f",
        user_agent="ExamplePlayer/3.1 (Linux;Android 16)",
        cdn=cdn,
        host="sportivo.example.com",
        pop="FRA",
        protocol=protocol,
    )
    whole = Event(
        viewer=viewer,
        end_ms=END_MS,
        elapsed_ms=268,
        first_byte_ms=12,
        method="GET",
        path="/vod/title-0007/720p/segment-118.m4s",
        status=200,
        kind=Kind.SEGMENT,
        object_bytes=1_183_321,
        body_bytes=1_183_321,
        request_id=0x9F0C1D7E5B2A4E6F,
    )
    return replace(whole, **different)


RANGE = {"status": 206, "first": 0, "last": 524_287, "body_bytes": 524_288}
ABORTED = {"body_bytes": 400_000, "completed": False}


def test_fastly_writes_our_format_string() -> None:
    assert logs.line(event(Cdn.FASTLY)) == (
        '{"v":1,"ts_ms":1795417200123,"end_ms":1795417200391,"id":"9f0c1d7e5b2a4e6f",'
        '"svc":"SU1Z0isxPaozGVKXdv0eY","pop":"FRA","ip":"2001:db8:10::2f","method":"GET",'
        '"host":"sportivo.example.com","url":"/vod/title-0007/720p/segment-118.m4s?tok=196","proto":"HTTP/2",'
        '"status":200,"body":1183321,"clen":1183321,"crange":"","done":1,"cache":"HIT",'
        '"ttfb":0.012,"elapsed_us":268000,"ua":"ExamplePlayer/3.1 (Linux;Android 16)","edge":1}'
    )


def test_cloudflare_writes_http_requests_with_nanoseconds_and_custom_fields() -> None:
    assert logs.line(event(Cdn.CLOUDFLARE)) == (
        '{"ClientIP":"2001:db8:10::2f","ClientRequestHost":"sportivo.example.com","ClientRequestMethod":"GET",'
        '"ClientRequestPath":"/vod/title-0007/720p/segment-118.m4s","ClientRequestProtocol":"HTTP/2",'
        '"ClientRequestURI":"/vod/title-0007/720p/segment-118.m4s?exp=1795420000",'
        '"ClientRequestUserAgent":"ExamplePlayer/3.1 (Linux;Android 16)","ClientRequestSource":"eyeball",'
        '"CacheCacheStatus":"hit","EdgeColoCode":"FRA","EdgeEndTimestamp":1795417200391000000,'
        '"EdgeResponseBodyBytes":1183321,"EdgeResponseBytes":1183899,"EdgeResponseStatus":200,'
        '"EdgeStartTimestamp":1795417200123000000,"EdgeTimeToFirstByteMs":12,"ParentRayID":"00",'
        '"RayID":"9f0c1d7e5b2a4e6f","ResponseHeaders":{"content-length":"1183321"}}'
    )


def test_akamai_writes_strings_with_the_start_and_a_path_without_slash() -> None:
    assert logs.line(event(Cdn.AKAMAI, protocol="1.1")) == (
        '{"version":3,"streamId":"70123","cp":"900001","reqId":"5b2a4e6f","reqTimeSec":"1795417200.123",'
        '"bytes":"1183321","cliIP":"2001:db8:10::2f","statusCode":"200","proto":"HTTPS",'
        '"reqHost":"sportivo.example.com","reqMethod":"GET","reqPath":"vod/title-0007/720p/segment-118.m4s",'
        '"reqPort":"443","rspContentType":"video%2Fmp4","UA":"ExamplePlayer/3.1%20(Linux;Android%2016)",'
        '"tlsVersion":"TLSv1.3","objSize":"1183321","overheadBytes":"412","totalBytes":"1183733",'
        '"queryStr":"exp=1795420000","cacheStatus":"1","edgeIP":"203.0.113.15","turnAroundTimeMSec":"12",'
        '"timeToFirstByte":"12","transferTimeMSec":"256","lastByte":"1"}'
    )


def test_cloudfront_writes_tab_separated_columns_in_the_configured_order() -> None:
    line = logs.line(event(Cdn.CLOUDFRONT))
    assert line == (
        "1795417200.391\t2001:db8:10::2f\t0.012\t200\t1183578\tGET\tHTTP/2.0\tsportivo.example.com\t"
        "/vod/title-0007/720p/segment-118.m4s?tok=a\tExamplePlayer/3.1%20(Linux;Android%2016)\tFRA56-P4\t"
        "EXAMPLE9f0c1d7e5b2a4e6f==\t0.268\tHit\tHit\tHit\t1183321\t-\t-"
    )
    assert len(line.split("\t")) == len(logs.CLOUDFRONT_FIELDS)


@pytest.mark.parametrize(
    ("cdn", "different", "said"),
    [
        pytest.param(
            Cdn.FASTLY,
            RANGE,
            {"status": 206, "body": 524_288, "clen": 524_288, "crange": "bytes 0-524287/1183321"},
            id="fastly-range",
        ),
        pytest.param(Cdn.FASTLY, ABORTED, {"body": 400_000, "clen": 1_183_321, "done": 0}, id="fastly-aborted"),
        pytest.param(Cdn.FASTLY, {"internal": True, "hit": False}, {"edge": 0, "cache": "MISS"}, id="fastly-shield"),
        pytest.param(
            Cdn.FASTLY, {"status": 304, "body_bytes": 0}, {"status": 304, "body": 0, "clen": None}, id="fastly-304"
        ),
        pytest.param(Cdn.FASTLY, {"status": 503, "body_bytes": 300}, {"clen": 300}, id="fastly-error-page"),
        pytest.param(
            Cdn.CLOUDFLARE,
            RANGE,
            {"ResponseHeaders": {"content-length": "524288", "content-range": "bytes 0-524287/1183321"}},
            id="cloudflare-range",
        ),
        pytest.param(
            Cdn.CLOUDFLARE,
            {**ABORTED, "status": 499},
            {"EdgeResponseStatus": 499, "EdgeResponseBodyBytes": 400_000, "ResponseHeaders": {}},
            id="cloudflare-aborted",
        ),
        pytest.param(
            Cdn.CLOUDFLARE,
            {"internal": True},
            {"ClientRequestSource": "edgeWorkerFetch", "ParentRayID": "350409d4c90e1a25"},
            id="cloudflare-worker",
        ),
        pytest.param(
            Cdn.AKAMAI, RANGE, {"statusCode": "206", "range": "0-524287", "objSize": "1183321"}, id="akamai-range"
        ),
        pytest.param(Cdn.AKAMAI, ABORTED, {"bytes": "400225", "lastByte": "0"}, id="akamai-aborted"),
        pytest.param(Cdn.AKAMAI, {"kind": Kind.KEY}, {"rspContentType": "text%2Fplain"}, id="akamai-key"),
    ],
)
def test_what_is_unusual_stands_in_the_fields_for_it(cdn: Cdn, different: dict[str, Any], said: dict[str, Any]) -> None:
    logged = json.loads(logs.line(event(cdn, **different)))
    assert {name: logged[name] for name in said} == said


@pytest.mark.parametrize(
    ("different", "said"),
    [
        pytest.param(
            RANGE,
            {"sc-status": "206", "sc-content-len": "524288", "sc-range-start": "0", "sc-range-end": "524287"},
            id="range",
        ),
        pytest.param(
            ABORTED,
            {
                "sc-status": "200",
                "sc-bytes": "400257",
                "x-edge-result-type": "Error",
                "x-edge-response-result-type": "Hit",
                "x-edge-detailed-result-type": "ClientCommError",
            },
            id="aborted",
        ),
        pytest.param(
            {"status": 0, "body_bytes": 0, "completed": False},
            {"sc-status": "000", "sc-bytes": "0", "sc-content-len": "-"},
            id="left-before-an-answer",
        ),
    ],
)
def test_what_is_unusual_stands_in_the_columns_for_it(different: dict[str, Any], said: dict[str, str]) -> None:
    columns = logs.line(event(Cdn.CLOUDFRONT, **different)).split("\t")
    logged = dict(zip(logs.CLOUDFRONT_FIELDS, columns, strict=True))
    assert {name: logged[name] for name in said} == said


@pytest.mark.parametrize(
    ("protocol", "body", "logged"),
    [
        pytest.param("1.1", 1_000_000, 1_000_000, id="http1-has-no-frames"),
        pytest.param("2", 0, 0, id="no-body-no-frame"),
        pytest.param("2", 1, 10, id="one-frame"),
        pytest.param("2", 16_384, 16_393, id="one-full-frame"),
        pytest.param("3", 16_385, 16_403, id="two-frames"),
    ],
)
def test_akamai_counts_frames_as_body(protocol: str, body: int, logged: int) -> None:
    assert logs.akamai_bytes(event(Cdn.AKAMAI, protocol=protocol, body_bytes=body)) == logged


@pytest.mark.parametrize("cdn", [Cdn.FASTLY, Cdn.CLOUDFLARE, Cdn.AKAMAI])
def test_a_truncated_line_is_no_json(cdn: Cdn) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(logs.line(event(cdn, damage=Damage.TRUNCATED)))


def test_a_truncated_line_of_columns_has_too_few() -> None:
    columns = logs.line(event(Cdn.CLOUDFRONT, damage=Damage.TRUNCATED)).split("\t")
    assert len(columns) < len(logs.CLOUDFRONT_FIELDS)


@pytest.mark.parametrize("cdn", Cdn)
def test_a_line_of_wrong_type_has_no_number_for_status(cdn: Cdn) -> None:
    line = logs.line(event(cdn, damage=Damage.WRONG_TYPE))
    assert ("\tlost\t" if cdn is Cdn.CLOUDFRONT else '"lost"') in line


@pytest.mark.parametrize("cdn", [Cdn.FASTLY, Cdn.CLOUDFLARE, Cdn.AKAMAI])
@pytest.mark.parametrize("status", [0, 200, 206, 304, 404, 499])
def test_every_line_is_one_json_object(cdn: Cdn, status: int) -> None:
    line = logs.line(event(cdn, status=status, last=9))
    assert "\n" not in line
    assert isinstance(json.loads(line), dict)
