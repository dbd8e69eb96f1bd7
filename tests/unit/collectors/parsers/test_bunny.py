"""Bunny's plain lines, with and without extended logging."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import bunny
from collectors.syslog.messages import message_of
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import damaged_lines, is_record_or_reject, separated_lines

AGENT = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.146 Safari/537.36"
#: docs.bunny.net/docs/cdn-log-format
DOCUMENTED = (
    "HIT|200|1507167062421|412|390|163.172.53.229|-|https://bunnycdn.b-cdn.net/assets/landingpage/images/"
    f"cdn-video-preview-from-a-blue-moon.m4v|WA|{AGENT}|322b688bd63fb63f2babe9de30a5d262|DE"
).encode()
#: docs.bunny.net/cdn/logging/forwarding, whose BOM is spelt out.
FRAME = (
    b"<165>1 2021-01-01T22:14:15.003Z mymachine.example.com evntslog - ID47 "
    b'[exampleSDID@32473 iut="3" eventSource="BunnyCDN" eventID="1011"] \xef\xbb\xbf' + DOCUMENTED
)
COLUMNS = [
    *("HIT", "206", "1795417200391", "524690", "390001", "203.0.113.0", "-"),
    *("https://vz-example.b-cdn.net/v1/720p/video12.ts?token=x", "DE", "ExamplePlayer/3.1"),
    *("0b5c2f0e9d8c47a6b1a2c3d4e5f60718", "FR"),
]
EXTENDED = [*COLUMNS, "524288", "bytes=0-524287", "Basic YTpi"]
NAMES = ("cache", "status", "time", "bytes", "zone", "ip", "referer", "url", "location", "agent", "id", "country")

parse = bunny.parser(bunny.Options())


def line_of(columns: list[str], **different: str) -> bytes:
    changed = list(columns)
    for name, value in different.items():
        changed[NAMES.index(name)] = value
    return "|".join(changed).encode()


def parsed(**different: str) -> Record:
    return parse(line_of(COLUMNS, **different))


def test_every_field_of_the_documented_sample() -> None:
    assert parse(DOCUMENTED) == Record(
        event_time_ms=1_507_167_062_421,
        status=200,
        path="/assets/landingpage/images/cdn-video-preview-from-a-blue-moon.m4v",
        method=Method.METHOD_GET,
        host="bunnycdn.b-cdn.net",
        body_bytes=0,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="163.172.53.229",
        user_agent=AGENT,
        pop="WA",
        request_id="322b688bd63fb63f2babe9de30a5d262",
    )


def test_the_documented_frame_holds_the_documented_line() -> None:
    assert message_of(FRAME) == DOCUMENTED


def test_extended_logging_tells_the_bytes_of_the_body() -> None:
    assert parse(line_of(EXTENDED)) == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/v1/720p/video12.ts",
        method=Method.METHOD_GET,
        host="vz-example.b-cdn.net",
        body_bytes=524_288,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.0",
        user_agent="ExamplePlayer/3.1",
        pop="DE",
        request_id="0b5c2f0e9d8c47a6b1a2c3d4e5f60718",
    )


@pytest.mark.parametrize(
    ("columns", "total", "body"),
    [
        (COLUMNS, "524690", 524_090),
        (COLUMNS, "600", 0),
        (COLUMNS, "0", 0),
        ([*COLUMNS, "-", "-", "-"], "524690", 524_090),
        ([*COLUMNS, "0", "-", "-"], "524690", 0),
    ],
    ids=["total", "headers only", "nothing", "extended without a value", "extended"],
)
def test_body_bytes_are_those_logged_or_an_estimate(columns: list[str], total: str, body: int) -> None:
    assert parse(line_of(columns, bytes=total)).body_bytes == body


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "-", ""])
def test_an_address_that_was_dropped_is_not_logged(address: str) -> None:
    assert parsed(ip=address).client_ip == ""


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("MISS", CacheStatus.CACHE_STATUS_MISS),
        ("STALE", CacheStatus.CACHE_STATUS_OTHER),
        ("BYPASS", CacheStatus.CACHE_STATUS_OTHER),
        ("-", CacheStatus.CACHE_STATUS_UNSPECIFIED),
        ("", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_states(state: str, expected: CacheStatus) -> None:
    assert parsed(cache=state).cache_status == expected


@pytest.mark.parametrize(
    ("different", "path", "agent"),
    [
        ({"agent": "Player|3.1"}, "/v1/720p/video12.ts", "Player|3.1"),
        ({"agent": "-"}, "/v1/720p/video12.ts", ""),
        ({"agent": ""}, "/v1/720p/video12.ts", ""),
        ({"url": "https://h.b-cdn.net/a|b/c.ts?d|e"}, "/a|b/c.ts", "ExamplePlayer/3.1"),
        ({"referer": "https://x.example.com/a|b"}, "/v1/720p/video12.ts", "ExamplePlayer/3.1"),
        ({"referer": "https://x.example.com/a|DE|b"}, "/v1/720p/video12.ts", "ExamplePlayer/3.1"),
        ({"agent": "a|DE|b"}, "/v1/720p/video12.ts", "a|DE|b"),
        ({"location": "NY2"}, "/v1/720p/video12.ts", "ExamplePlayer/3.1"),
    ],
    ids=[
        "pipe in the user agent",
        "no user agent",
        "empty user agent",
        "pipes in the URL",
        "pipe in the referer",
        "location in the referer",
        "location in the user agent",
        "location with a digit",
    ],
)
def test_pipes_of_the_viewers_own_do_not_move_the_url(different: dict[str, str], path: str, agent: str) -> None:
    record = parsed(**different)
    assert (record.path, record.user_agent) == (path, agent)


@pytest.mark.parametrize(
    "different",
    [
        {"referer": "-|https://vz-example.b-cdn.net/other/segment-1.ts|DE|x"},
        {"agent": "x|https://vz-example.b-cdn.net/other/segment-1.ts|DE|x"},
        {"agent": "|".join("x" * 30)},
    ],
    ids=["forged in the referer", "forged in the user agent", "too many"],
)
def test_a_line_that_can_be_read_for_different_urls_is_not_guessed_at(different: dict[str, str]) -> None:
    with pytest.raises(InvalidLine) as caught:
        parsed(**different)
    assert caught.value.reason == "ambiguous"


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"", "none of Bunny's"),
        (b"{}", "none of Bunny's"),
        (line_of(COLUMNS[:-1]), "none of Bunny's"),
        (line_of(COLUMNS, status="lost"), "none of Bunny's"),
        (line_of(COLUMNS, time="1795417200"), "none of Bunny's"),
        (line_of(COLUMNS, bytes="-1"), "none of Bunny's"),
        (line_of(COLUMNS, id="short"), "none of Bunny's"),
        (line_of(COLUMNS, url="/v1/720p/video12.ts"), "no URL"),
        (line_of(COLUMNS, location="-"), "no URL"),
        (line_of([*EXTENDED, "more"]), "none of Bunny's"),
    ],
    ids=["empty", "JSON", "cut off", "status", "seconds", "negative", "id", "no origin", "no location", "more fields"],
)
def test_a_line_that_cannot_be_billed_is_rejected(line: bytes, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == "bad-field"


@given(separated_lines(COLUMNS, "|") | separated_lines(EXTENDED, "|") | damaged_lines(DOCUMENTED))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)


@given(st.lists(st.sampled_from(["|DE|", "|https://h/", "|", "x"]), max_size=200).map("".join))
def test_a_viewer_cannot_make_a_line_expensive(agent: str) -> None:
    assert is_record_or_reject(parse, line_of(COLUMNS, agent=agent))
