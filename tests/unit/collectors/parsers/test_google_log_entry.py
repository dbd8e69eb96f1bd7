"""What both Google formats share."""

from __future__ import annotations

import pytest

from collectors.batches.records import InvalidLine
from collectors.parsers.google_log_entry import HttpRequest, address_of, end_ms, optional_duration_ms


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("", None),
        ("0s", 0),
        ("0.021418s", 21),
        ("0.0005s", 0),
        ("0.0015s", 2),
        ("12s", 12_000),
        ("3.000000001s", 3_000),
        ("999999999s", 2**32 - 1),
    ],
)
def test_a_duration_is_seconds_with_an_s(value: str, milliseconds: int | None) -> None:
    assert optional_duration_ms(value) == milliseconds


@pytest.mark.parametrize("value", ["1", "s", "-1s", "1.s", "1e3s", "0.1 s", "1m", "0.0000000001s", "٣s"])
def test_anything_else_is_no_duration(value: str) -> None:
    with pytest.raises(InvalidLine, match="bad-field: a duration"):
        optional_duration_ms(value)


@pytest.mark.parametrize(
    ("timestamp", "elapsed_ms", "expected"),
    [
        ("2026-11-23T07:00:00.391882Z", 21, 1_795_417_200_413),
        ("2026-11-23T07:00:00.391882555Z", None, 1_795_417_200_392),
        ("2026-11-23T06:59:59.999Z", 1, 1_795_417_200_000),
        ("2026-11-23T07:00:00Z", 0, 1_795_417_200_000),
    ],
    ids=["microseconds", "nanoseconds", "into the next hour", "whole seconds"],
)
def test_the_event_time_is_the_end(timestamp: str, elapsed_ms: int | None, expected: int) -> None:
    assert end_ms(timestamp, elapsed_ms) == expected


@pytest.mark.parametrize(
    ("logged", "address"),
    [
        ("198.51.100.40", "198.51.100.40"),
        ("198.51.100.40:80", "198.51.100.40"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("", ""),
        (":80", ""),
    ],
)
def test_an_address_loses_its_port(logged: str, address: str) -> None:
    assert address_of(logged) == address


@pytest.mark.parametrize(
    ("status", "size", "protocol", "body"),
    [
        (200, 1_000, "", 400),
        (200, 1_000, "HTTP/1.1", 400),
        (200, 1_000, "HTTP/2", 700),
        (200, 1_000, "HTTP/3", 700),
        (206, 200, "", 0),
        (304, None, "", 0),
        (0, None, "", 0),
    ],
    ids=["protocol unknown", "h1", "h2", "h3", "headers only", "no body", "no answer"],
)
def test_the_body_is_estimated_from_the_total(status: int, size: int | None, protocol: str, body: int) -> None:
    request = HttpRequest(request_url="https://a/b", status=status, response_size=size, protocol=protocol)
    assert request.body_bytes() == body


def test_a_success_without_a_size_is_no_empty_response() -> None:
    with pytest.raises(InvalidLine, match="bad-field: a successful response has no responseSize"):
        HttpRequest(request_url="https://a/b", status=200).body_bytes()
