"""KeyCDN's columns, of 2022 and older."""

from __future__ import annotations

import pytest
from hypothesis import given

from collectors.batches.records import InvalidLine, Record
from collectors.parsers import keycdn
from collectors.syslog.messages import message_of
from schemas.cdn_logs_pb2 import CacheStatus, Method
from tests.support.log_lines import damaged_lines, is_record_or_reject, separated_lines

#: keycdn.com/support/cdn-log-format, 2022.
DOCUMENTED = (
    b"1407961382.123|usla|111.111.111.0|200|253061|uid1234|zid4321|example-hexid.kxcdn.com|HIT|"
    b'"GET /lorem.jpg HTTP/1.1"|[13/Aug/2014:22:23:02 +0200]|"http://www.yourwebsite.com"|'
    b'"Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0"|https|TLSv1.2|US|CA|'
    b'"AS14618 Amazon.com, Inc."|-'
)
#: The same page before (stored copies lost client and zone).
DOCUMENTED_OLD = (
    b"1407961382.123|usla||200|253061|uid1234|zid4321||HIT|"
    b'"GET /lorem.jpg HTTP/1.1"|[13/Aug/2014:22:23:02 +0200]|""|'
    b'"Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0"|http|US|United States|San Diego|CA|'
    b'39.0437|-77.4875|"AS14618, Inc."'
)
COLUMNS = [
    *("1795417200.391", "defr", "203.0.113.0", "206", "524690", "uid1001", "zid2002", "vod.example.com", "HIT"),
    *('"GET /a/segment-1.m4s?t=a HTTP/2.0"', "[23/Nov/2026:07:00:00 +0000]", '"-"', '"ExamplePlayer/3.1"', "https"),
    *("TLSv1.3", "FR", "IDF", '"AS64505 Example SAS"', "bytes=0-524287"),
]
NAMES = (
    *("time", "pop", "ip", "status", "bytes", "user", "zone", "alias", "cache", "request", "date", "referrer"),
    *("agent", "scheme", "tls", "country", "region", "organisation", "range"),
)

parse = keycdn.parser(keycdn.Options())


def parsed(**different: str) -> Record:
    columns = list(COLUMNS)
    for name, value in different.items():
        columns[NAMES.index(name)] = value
    return parse("|".join(columns).encode())


def test_every_field_of_the_documented_sample() -> None:
    assert parse(DOCUMENTED) == Record(
        event_time_ms=1_407_961_382_123,
        status=200,
        path="/lorem.jpg",
        method=Method.METHOD_GET,
        host="example-hexid.kxcdn.com",
        body_bytes=252_461,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="111.111.111.0",
        user_agent="Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
        pop="usla",
    )


def test_every_field_of_the_older_sample() -> None:
    assert parse(DOCUMENTED_OLD) == Record(
        event_time_ms=1_407_961_382_123,
        status=200,
        path="/lorem.jpg",
        method=Method.METHOD_GET,
        body_bytes=252_461,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        user_agent="Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
        pop="usla",
    )


def test_every_field_of_a_partial_response() -> None:
    assert parsed() == Record(
        event_time_ms=1_795_417_200_391,
        status=206,
        path="/a/segment-1.m4s",
        method=Method.METHOD_GET,
        host="vod.example.com",
        body_bytes=524_288,
        cache_status=CacheStatus.CACHE_STATUS_HIT,
        client_ip="203.0.113.0",
        user_agent="ExamplePlayer/3.1",
        pop="defr",
    )


@pytest.mark.parametrize(
    ("different", "body"),
    [
        ({"bytes": "524288"}, 524_288),
        ({"bytes": "524287"}, 523_987),
        ({"range": "-"}, 524_390),
        ({"range": "bytes=0-"}, 524_390),
        ({"range": "bytes=-500"}, 524_390),
        ({"range": "bytes=0-1,5-6"}, 524_390),
        ({"range": "bytes=0-1", "status": "200"}, 524_390),
        ({"request": '"GET /a HTTP/1.1"', "range": "-"}, 524_090),
        ({"request": '"HEAD /a HTTP/2.0"', "bytes": "290", "range": "-"}, 0),
    ],
    ids=[
        "whole range",
        "cut off",
        "no range",
        "open range",
        "suffix range",
        "ranges",
        "ignored range",
        "HTTP/1",
        "HEAD",
    ],
)
def test_body_bytes_are_estimated_from_the_total(different: dict[str, str], body: int) -> None:
    assert parsed(**different).body_bytes == body


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("MISS", CacheStatus.CACHE_STATUS_MISS),
        ("EXPIRED", CacheStatus.CACHE_STATUS_OTHER),
        ("-", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_cache_states(state: str, expected: CacheStatus) -> None:
    assert parsed(cache=state).cache_status == expected


def test_a_pipe_in_quotes_parts_no_columns() -> None:
    record = parsed(referrer='"https://x/a|b"', agent='"Player|200|/other"', request='"GET /a|b/c HTTP/2.0"')
    assert (record.user_agent, record.path, record.status) == ("Player|200|/other", "/a|b/c", 206)


@pytest.mark.parametrize(
    "lead", [b"", b" ", b"a-token ", b"Nov 23 07:00:00 keycdn ", b"Nov 23 07:00:00 keycdn a-token: "]
)
def test_what_stands_before_the_time_is_not_read(lead: bytes) -> None:
    assert parse(lead + DOCUMENTED) == parse(DOCUMENTED)


@pytest.mark.parametrize("header", [b"<134>Nov 23 07:00:00 keycdn ", b"<134>Nov 23 07:00:00 keycdn cdn: "])
def test_a_colon_in_an_address_ends_no_tag(header: bytes) -> None:
    frame = header + DOCUMENTED.replace(b"111.111.111.0", b"2001:be:ef::1")
    assert parse(message_of(frame)).client_ip == "2001:be:ef::1"


def test_escapes_are_undone() -> None:
    assert parsed(agent=r'"say \x22hi\x22"').user_agent == 'say "hi"'


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"", "0 columns"),
        (DOCUMENTED + b"|new", "20 columns"),
        (DOCUMENTED[: DOCUMENTED.rindex(b"|")], "18 columns"),
        (DOCUMENTED.replace(b"1407961382.123", b"soon"), "time"),
        (DOCUMENTED.replace(b"1407961382.123", b"1407961382123"), "time"),
        (DOCUMENTED.replace(b"|200|", b"|lost|"), "status"),
        (DOCUMENTED.replace(b"253061", b"-1"), "bytes"),
        (DOCUMENTED.replace(b'"GET /lorem.jpg HTTP/1.1"', b'"-"'), "no HTTP request"),
    ],
    ids=["empty", "more", "fewer", "no time", "milliseconds", "status", "negative", "no request"],
)
def test_a_line_that_cannot_be_billed_is_rejected(line: bytes, detail: str) -> None:
    with pytest.raises(InvalidLine, match=detail) as caught:
        parse(line)
    assert caught.value.reason == "bad-field"


@given(separated_lines(COLUMNS, "|") | damaged_lines(DOCUMENTED))
def test_any_line_is_a_record_or_a_reject(line: bytes) -> None:
    assert is_record_or_reject(parse, line)
