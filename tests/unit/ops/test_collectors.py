"""Asking collectors, against servers of this test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from collectors.completeness.minutes import Report
from ops.collectors import NoAnswer, ask

REPORT = Report(started_ms=1, now_ms=2, sources=[])


@contextmanager
def collector(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that answers everything alike; its base URL, and what it is asked: path and credential."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_collector_is_asked_for_its_last_hour_and_answers_keep_their_order() -> None:
    other = Report(started_ms=3, now_ms=4, sources=[])
    with (
        collector(200, msgspec.json.encode(REPORT)) as (one_url, asked),
        collector(200, msgspec.json.encode(other)) as (other_url, _),
    ):
        assert ask([f"{other_url}/", one_url], "of-an-operator-1") == [other, REPORT]
    assert asked == [("/v1/status?minutes=60", "Bearer of-an-operator-1")]


def test_fields_of_a_newer_collector_are_left_aside() -> None:
    with collector(200, msgspec.json.encode({**msgspec.to_builtins(REPORT), "colour": "red"})) as (url, asked):
        assert ask([url]) == [REPORT]
    assert asked[0][1] is None


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (401, b"no valid token\n", "status 401: no valid token"),
        (302, b"", "status 302"),
        (200, b"<html>", "no status of a collector: JSON is malformed"),
        (200, b"{}", "no status of a collector: Object missing required field `started_ms`"),
    ],
    ids=["refused", "a redirect is not followed", "no JSON", "other JSON"],
)
def test_what_is_no_status_is_no_answer_and_says_why(status: int, body: bytes, why: str) -> None:
    with collector(status, body) as (url, asked):
        (answer,) = ask([url], "of-an-operator-1")
    assert isinstance(answer, NoAnswer)
    assert str(answer).startswith(f"{url}: {why}")
    assert len(asked) == 1
    assert "of-an-operator-1" not in str(answer)


def test_a_collector_that_is_away_costs_the_others_nothing() -> None:
    with collector(200, msgspec.json.encode(REPORT)) as (url, _):
        away, here = ask(["http://127.0.0.1:9", url])
    assert isinstance(away, NoAnswer)
    assert here == REPORT
