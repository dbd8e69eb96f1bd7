"""What the HTTP server says of requests that fail, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from collectors.routes.server_log import SERVER_LOG
from collectors.routes.table import SERVER_OPTIONS

SECRET = "a-secret-of-acme-1234"


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    async def fail(request: web.Request) -> web.Response:
        raise ValueError(f"cannot read {request.headers['X-Collector-Token']} of {request.remote}")

    app = web.Application()
    app.router.add_get("/", fail)
    server = TestServer(app)
    await server.start_server(**SERVER_OPTIONS)
    yield server.port or 0
    await server.close()


async def ask(port: int, request: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


@pytest.mark.parametrize(
    "request_",
    [
        f"{SECRET}\r\n\r\n",
        f"GET /?token={SECRET} HTTP/x.y\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization {SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Collector-Token: {SECRET * 1_000}\r\n\r\n",
        f"GET /?token={SECRET * 1_000} HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Collector-Token: {SECRET}\x01\r\n\r\n",
        "GET / HTTP/1.1\r\n" + f"X-Collector-Token: {SECRET}\r\n" * 200 + "\r\n",
    ],
    ids=["no HTTP", "no version", "no header", "long header", "long URL", "control character", "many headers"],
)
async def test_of_a_header_that_is_none_only_the_kind_of_error_is_logged(
    request_: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving() as port:
        assert (await ask(port, request_)).startswith("HTTP/1.0 400 Bad Request")
    (record,) = [record for record in caplog.records if record.name == SERVER_LOG.name]
    assert (record.levelname, record.getMessage().partition(":")[0]) == ("INFO", "refused a request that is no HTTP")
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in caplog.text


async def test_of_a_fault_of_ours_the_place_is_logged_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as port:
        answer = await ask(port, f"GET / HTTP/1.0\r\nX-Collector-Token: {SECRET}\r\n\r\n")
    assert answer.startswith("HTTP/1.0 500 Internal Server Error")
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("a request failed: ValueError\n  File ")
    assert 'raise ValueError(f"cannot read' in record.getMessage()
    assert SECRET not in answer + caplog.text
    assert "127.0.0.1" not in caplog.text
