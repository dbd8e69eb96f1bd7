"""The request of an access log line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine
from collectors.parsers.request_line import Request, path_of_target, request_of
from schemas.cdn_logs_pb2 import Method

_GET, _HEAD, _OTHER = Method.METHOD_GET, Method.METHOD_HEAD, Method.METHOD_OTHER


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("GET /a/b?c=d HTTP/2.0", Request(_GET, "/a/b", "/a/b?c=d", "HTTP/2.0")),
        ("HEAD /a HTTP/1.1", Request(_HEAD, "/a", "/a", "HTTP/1.1")),
        ("POST /a HTTP/1.0", Request(_OTHER, "/a", "/a", "HTTP/1.0")),
        ("get /a HTTP/1.0", Request(_OTHER, "/a", "/a", "HTTP/1.0")),
        (
            "GET http://vod.example.com/a HTTP/1.1",
            Request(_GET, "/a", "http://vod.example.com/a", "HTTP/1.1"),
        ),
        ("GET /a b HTTP/1.1", Request(_GET, "/a b", "/a b", "HTTP/1.1")),
        (r"GET /\xD0\x9F HTTP/1.1", Request(_GET, "/%D0%9F", r"/\xD0\x9F", "HTTP/1.1")),
        ("GET / HTTP/3", Request(_GET, "/", "/", "HTTP/3")),
        ("OPTIONS * HTTP/1.1", Request(_OTHER, "/*", "*", "HTTP/1.1")),
    ],
    ids=["query", "HEAD", "POST", "case", "origin", "space", "escapes", "HTTP/3", "asterisk"],
)
def test_a_request_line_is_method_path_and_protocol(line: str, request_: Request) -> None:
    assert request_of(line, 200) == request_


@pytest.mark.parametrize("line", ["", "-", r"\x16\x03\x01\x02", "GET /a", "GET  HTTP/1.1", "quit"])
@pytest.mark.parametrize("status", [0, 400, 408, 499, 505])
def test_a_garbled_request_that_was_answered_with_an_error_is_a_record_of_it(line: str, status: int) -> None:
    assert request_of(line, status) == Request(_OTHER, "/", "", "")


@pytest.mark.parametrize("line", ["", "-", r"\x16\x03\x01\x02", "GET /a", "GET  HTTP/1.1", "quit"])
@pytest.mark.parametrize("status", [200, 206, 301, 304])
def test_a_garbled_request_that_was_answered_is_rejected(line: str, status: int) -> None:
    with pytest.raises(InvalidLine, match="no HTTP request") as caught:
        request_of(line, status)
    assert caught.value.reason == "bad-field"


@pytest.mark.parametrize(
    ("target", "path"),
    [("/a?b", "/a"), ("http://vod.example.com/a", "/a"), (r"/a\x20b", r"/a\x20b")],
    ids=["query", "origin", "what looks like an escape is none"],
)
def test_a_target_by_itself_is_not_escaped(target: str, path: str) -> None:
    assert path_of_target(target, 200) == path


@pytest.mark.parametrize("target", ["", "-"])
def test_an_error_needs_no_target(target: str) -> None:
    assert path_of_target(target, 400) == "/"
    with pytest.raises(InvalidLine, match="no HTTP request"):
        path_of_target(target, 200)


@given(line=st.text(), status=st.integers(min_value=0, max_value=999))
def test_any_line_has_a_path_or_is_rejected(line: str, status: int) -> None:
    try:
        request = request_of(line, status)
    except InvalidLine:
        assert 0 < status < 400
    else:
        assert request.path.startswith("/")
