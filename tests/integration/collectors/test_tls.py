"""A collector as a process that speaks TLS on all its ports; Kafka may be away."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.collectors.lone import port, running
from tests.support.certificates import Issued, client_context, issue


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    return issue(tmp_path, "ca.example", is_authority=True)


@pytest.fixture
def server(tmp_path: Path, authority: Issued) -> Issued:
    return issue(tmp_path, "collector.example", by=authority)


async def ask(method: str, url: str, context: ssl.SSLContext) -> int:
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session, session.request(method, url) as answer:
        return answer.status


async def test_https_and_client_certificates(tmp_path: Path, authority: Issued, server: Issued) -> None:
    client = issue(tmp_path, "logs.acme.example", by=authority)
    credentials = [{"client_certificate_sha256": client.fingerprint}]
    source = {"id": "acme", "cdn": "cloudflare", "listener": {"type": "http"}, "credentials": credentials}
    files = {
        "TLS_CERTIFICATE_FILE": server.certificate,
        "TLS_KEY_FILE": server.key,
        "TLS_CLIENT_CA_FILE": authority.certificate,
    }
    async with running(tmp_path, [source], **files) as (_, log):
        https = port(log, r"listens on .*, (\d+)\)")
        url = f"https://localhost:{https}"
        assert await ask("GET", f"{url}/healthz", client_context(authority)) == 200
        assert await ask("POST", f"{url}/v1/logs/acme", client_context(authority)) == 401
        assert await ask("POST", f"{url}/v1/logs/acme", client.client(trusts=authority)) == 200


async def test_syslog_over_tls_udp_and_tcp_beside_each_other(tmp_path: Path, authority: Issued, server: Issued) -> None:
    tls = {"certificate_file": str(server.certificate), "key_file": str(server.key)}
    sources = [
        {"id": f"acme-{kind}", "cdn": "fastly", "listener": {"type": f"syslog-{kind}", "port": 0, **more}}
        for kind, more in (("tcp", {}), ("tls", tls), ("udp", {}))
    ]
    async with running(tmp_path, sources) as (process, log):
        encrypted = port(log, r"acme-tls: syslog over tls on port (\d+)")
        _, writer = await asyncio.open_connection("localhost", encrypted, ssl=client_context(authority))
        writer.close()
        assert port(log, r"acme-udp: syslog over udp on port (\d+)")
        assert port(log, r"acme-tcp: syslog over tcp on port (\d+)")
        process.terminate()
        async with asyncio.timeout(20):
            await process.wait()
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("listener", "variables", "complaint"),
    [
        ({"type": "http"}, {"TLS_CERTIFICATE_FILE": __file__, "TLS_KEY_FILE": __file__}, "test_tls.py"),
        ({"type": "syslog-tls", "port": 0, "certificate_file": "/none.crt", "key_file": "/none.key"}, {}, "/none.crt"),
    ],
    ids=["https", "syslog"],
)
async def test_without_its_certificate_it_does_not_start(
    tmp_path: Path, listener: dict[str, Any], variables: dict[str, str], complaint: str
) -> None:
    source = {"id": "acme", "cdn": "fastly", "listener": listener}
    async with running(tmp_path, [source], **variables) as (process, log):
        await process.wait()
        assert (process.returncode, complaint in log) == (2, True), log
