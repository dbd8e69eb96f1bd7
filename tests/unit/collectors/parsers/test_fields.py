"""Rules that all CDNs share."""

from __future__ import annotations

from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine
from collectors.parsers import fields
from schemas.cdn_logs_pb2 import Method


@pytest.mark.parametrize("value", ["", "-", "null", "(null)", "N/A"])
def test_what_cdns_write_for_no_value_is_none(value: str) -> None:
    assert fields.text(value) == ""


@pytest.mark.parametrize("value", ["0", "--", "NULL", " ", "a"])
def test_anything_else_is_a_value(value: str) -> None:
    assert fields.text(value) == value


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("GET", Method.METHOD_GET),
        ("HEAD", Method.METHOD_HEAD),
        ("POST", Method.METHOD_OTHER),
        ("get", Method.METHOD_OTHER),
        ("", Method.METHOD_UNSPECIFIED),
    ],
)
def test_methods_go_by_their_case_sensitive_name(name: str, method: Method) -> None:
    assert fields.method_of(name) == method


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/a/b.m4s", "/a/b.m4s"),
        ("/a/b.m4s?tok=1?2", "/a/b.m4s"),
        ("/a#frag?x", "/a"),
        ("/a%20b", "/a%20b"),
        ("a/b.m4s", "/a/b.m4s"),
        ("https://cdn.example.com/a?x", "/a"),
        ("https://cdn.example.com", "/"),
        ("https://cdn.example.com?x", "/"),
        ("/redirect?to=https://other.example.com/b", "/redirect"),
        ("//a", "//a"),
        ("?x", "/"),
    ],
)
def test_a_path_is_as_logged_with_a_leading_slash_and_no_query(url: str, path: str) -> None:
    assert fields.path_of(url) == path


def test_no_url_is_no_root() -> None:
    with pytest.raises(InvalidLine, match="no path"):
        fields.path_of("")


@pytest.mark.parametrize("url", ["/a\0b", "\0", "a\0?x", "https://cdn.example.com/a\0", "/\0#x"])
def test_a_path_with_a_nul_is_none(url: str) -> None:
    with pytest.raises(InvalidLine, match="bad-field: the path holds a NUL"):
        fields.path_of(url)


def test_a_nul_beside_the_path_costs_no_line() -> None:
    assert fields.path_of("/a?x=\0") == "/a"


@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_every_path_starts_with_a_slash_and_has_no_query(url: str) -> None:
    path = fields.path_of(url)
    assert path.startswith("/")
    assert "?" not in path
    assert "#" not in path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes 0-524287/1183321", (0, 524_287, 1_183_321)),
        ("bytes 5-9/*", (5, 9, None)),
        ("bytes */1183321", (None, None, None)),
        ("bytes 0-1/2 ", (None, None, None)),
        ("", (None, None, None)),
        ("bytes 0-99999999999999999/1", (None, None, None)),
    ],
)
def test_a_content_range_gives_range_and_object_size(value: str, expected: tuple[int | None, ...]) -> None:
    assert fields.content_range(value) == expected


@pytest.mark.parametrize(
    "value",
    [1_795_417_200, 1_795_417_200_000, 1_795_417_200_000_000, 1_795_417_200_000_000_000],
    ids=["s", "ms", "us", "ns"],
)
def test_the_unit_of_a_time_follows_from_its_magnitude(value: int) -> None:
    assert fields.epoch_ms_by_magnitude(value) == 1_795_417_200_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T07:00:00Z", 1_795_417_200_000),
        ("2026-11-23T07:00:00.391Z", 1_795_417_200_391),
        ("2026-11-23T08:00:00+01:00", 1_795_417_200_000),
    ],
)
def test_an_rfc_3339_time_is_read_with_its_offset(value: str, expected: int) -> None:
    assert fields.rfc3339_ms(value) == expected


@pytest.mark.parametrize("value", ["2026-11-23T07:00:00", "2026-11-23", "yesterday", ""])
def test_a_time_without_date_time_or_offset_is_invalid(value: str) -> None:
    with pytest.raises(InvalidLine, match="bad-field"):
        fields.rfc3339_ms(value)


@given(st.integers(min_value=0, max_value=9_999_999_999_999))
def test_seconds_with_decimals_are_exact_to_the_millisecond(ms: int) -> None:
    assert fields.seconds_to_ms(float(f"{ms // 1_000}.{ms % 1_000:03}")) == ms


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 19, 10**19 - 1),
        ("9" * 20, None),
        ("", None),
        ("-1", None),
        ("1_0", None),
        ("٣", None),
    ],
)
def test_a_whole_number_is_made_of_ascii_digits(value: str, expected: int | None) -> None:
    assert fields.whole_number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(-5, 0), (0, 0), (268, 268), (2**32 - 1, 2**32 - 1), (2**40, 2**32 - 1)]
)
def test_a_duration_fits_into_its_field(value: int, expected: int) -> None:
    assert fields.duration_ms(value) == expected


@pytest.mark.parametrize("padding", ["", "x" * 1_000], ids=["remembered", "too long to be remembered"])
def test_a_user_agent_is_decoded_once(padding: str) -> None:
    assert fields.user_agent_of(f"A%2520b+c{padding}", unquote) == f"A%20b+c{padding}"
    assert fields.user_agent_of(f"A%2520b+c{padding}", unquote_plus) == f"A%20b c{padding}"


def test_a_user_agent_of_none_stays_none() -> None:
    assert fields.user_agent_of("-", unquote) == ""
