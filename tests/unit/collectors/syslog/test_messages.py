"""Messages out of frames."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.syslog.messages import message_of

LINE = b'{"v":1,"ua":"a: b [c] - d"}'


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xef\xbb\xbf",
        b"<134>2016-07-04T22:37:26Z cache-sjc3128 LogTest[62959]: ",
        b"<134>2026-11-23T07:00:00Z cache-fra-eddf8230045 mediabill[4711]: ",
        b"<13>Nov 23 07:00:00 edge-3 cdn: ",
        b"<13>Nov  3 07:00:00 edge-3 cdn[12]:",
        b"<165>1 2026-11-23T07:00:12.003Z edge-de1 bunnycdn - - - ",
        b"<165>1 2026-11-23T07:00:12.003Z edge-de1 bunnycdn - - - \xef\xbb\xbf",
        b"<165>1 - - - - - - ",
        b'<165>1 2026-11-23T07:00:00Z h a p m [x@1 a="b"] ',
        b'<165>1 2026-11-23T07:00:00Z h a p m [x@1 a="b]\\"]"][y@2] \xef\xbb\xbf',
        b"<134>",
    ],
    ids=[
        "bare",
        "bare with byte order mark",
        "Fastly classic",
        "Fastly classic of our endpoint",
        "RFC 3164",
        "RFC 3164 with one-digit day, pid and no space",
        "RFC 5424",
        "RFC 5424 with byte order mark",
        "RFC 5424 of nil values",
        "RFC 5424 with structured data",
        "RFC 5424 with brackets in structured data",
        "priority alone",
    ],
)
def test_the_header_goes_and_the_line_stays(header: bytes) -> None:
    assert message_of(header + LINE) == LINE


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"<165>1 - - - - - -", b""),
        (b"<165>1 2026-11-23T07:00:00Z h a p m [x", b"1 2026-11-23T07:00:00Z h a p m [x"),
        (b"<134>hello", b"hello"),
        (b"<1345>hello", b"<1345>hello"),
        (b"<html>", b"<html>"),
        (b"", b""),
    ],
    ids=["no message", "open structured data", "no header", "no priority", "no syslog", "nothing"],
)
def test_what_cannot_be_read_as_a_header_is_part_of_the_message(frame: bytes, message: bytes) -> None:
    assert message_of(frame) == message


@given(st.binary())
def test_any_frame_ends_with_its_message(rest: bytes) -> None:
    for start in (b"", b"<1>", b"<165>1 - - - - - [a ", b"<13>Nov 23 07:00:00 h "):
        assert (start + rest).endswith(message_of(start + rest))


@pytest.mark.parametrize("unit", [b'"', b"[", b'\\"', b"] [", b'a="', b" ", b":["])
def test_no_frame_takes_more_than_linear_time(unit: bytes) -> None:
    started = time.process_time()
    message_of(b"<165>1 - - - - - [a " + unit * 80_000)
    message_of(b"<13>Nov 23 07:00:00 h " + unit * 80_000)
    assert time.process_time() - started < 2
