"""Whether a program is ready is what it answers, and silence is no."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.probe import answers


class Program(BaseHTTPRequestHandler):
    """Ready, but not healthy."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing of it is of interest."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Program) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "ready"), [("/readyz", True), ("/healthz", False)])
def test_only_200_is_yes(port: int, path: str, ready: bool) -> None:
    assert answers(port, path) is ready


def test_a_port_where_nothing_listens_is_no(port: int) -> None:
    with HTTPServer(("127.0.0.1", 0), Program) as closed:
        free = closed.server_port
    assert not answers(free, "/readyz")
