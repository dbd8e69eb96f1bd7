"""Azure Monitor's envelope to its records."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.azure_records import split_records

A, B, C = b'{"time":"a","properties":{"x":"]}"}}', b'{"b":[1]}', b'{"c":3}'
RECORDS = st.lists(
    st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())).map(
        lambda value: json.dumps(value).encode()
    ),
    max_size=4,
)


def envelope(*records: bytes) -> bytes:
    return b'{"records":[' + b",".join(records) + b"]}"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (envelope(A, B), [A, B]),
        (b'{ "records" : [\n  ' + A + b" ,\n  " + B + b"\n]\n}\n", [A, B]),
        (b'{"records":[' + A + b'],"more":1}', [A]),
        (envelope(), []),
        (b"", []),
        (envelope(A, B) + b"\n" + envelope(C) + b"\n", [A, B, C]),
        (b"[" + envelope(A) + b"," + envelope(B, C) + b"]", [A, B, C]),
        (envelope(A) + envelope(B), [A, B]),
        (A + b"\n" + B + b"\n", [A, B]),
        (b"[" + A + b"," + B + b"]", [A, B]),
        (envelope(A) + b"\n" + B, [A, B]),
        (b'{"records":5}', [b'{"records":5}']),
        (b"tests", [b"tests"]),
    ],
    ids=[
        "one event",
        "over lines",
        "more fields",
        "no records",
        "empty",
        "a line each",
        "an array of events",
        "one behind the other",
        "taken out, lines",
        "taken out, an array",
        "both",
        "no list",
        "no JSON",
    ],
)
def test_records_of_a_body_however_events_are_arranged(body: bytes, lines: list[bytes]) -> None:
    assert split_records(body) == lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (envelope(A, b"{'b':1}", C), [A, b"{'b':1}", C]),
        (envelope(A, b'{"b":"\xff"}', C), [A, b'{"b":"\xff"}', C]),
        (envelope(A, b'{"b":"\\x22"}', C) + b"\n" + envelope(B), [A, b'{"b":"\\x22"}', C, B]),
        (b'{"records":[' + A + b"," + C, [A, C]),
        (b'{"records":[' + A + b',{"c"', [A, b'{"c"']),
        (b'{"records": [' + A + b"] , }", [A, b", }"]),
        (b'{"records"', [b'{"records"']),
    ],
    ids=["quotes", "encoding", "escape", "no end", "cut off", "a rest", "cut off early"],
)
def test_a_broken_record_does_not_hide_the_others(body: bytes, lines: list[bytes]) -> None:
    assert split_records(body) == lines


@given(st.lists(RECORDS, max_size=3))
def test_the_arrangement_of_events_does_not_change_the_lines(events: list[list[bytes]]) -> None:
    lines = [record for records in events for record in records]
    envelopes = [envelope(*records) for records in events]
    for body in (b"\n".join(envelopes), b"".join(envelopes), b"[" + b",".join(envelopes) + b"]"):
        assert split_records(body) == lines


@given(st.binary() | st.text(alphabet='[]{},:"\\ records\n').map(str.encode))
def test_any_bytes_have_lines(body: bytes) -> None:
    assert isinstance(split_records(body), list)
    assert isinstance(split_records(b'{"records":[' + body), list)


@pytest.mark.parametrize("unit", [b'"', b"{", b"[", b"}{", b" ", b'{"records":[', b'{"records":[{}', b"]}", b"}"])
def test_no_input_takes_more_than_linear_time(unit: bytes) -> None:
    started = time.process_time()
    split_records(unit * 100_000)
    split_records(b'{"records":[' + unit * 100_000)
    split_records(b'{"records":[{}' + unit * 100_000)
    assert time.process_time() - started < 5


def test_records_are_the_bytes_that_were_received() -> None:
    record: Any = b'{"a": 1.0 ,"b":"\\u00e9"}'
    assert split_records(envelope(record)) == [record]
