"""Client certificates as credentials of posts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from collectors.routes.keys import SOURCES
from collectors.sources import Sources
from collectors.trust.credentials import Credentials, hash_of
from collectors.trust.tls import ServerTls, TlsFiles
from tests.support.certificates import Issued, client_context, issue
from tests.support.http_world import BEARER, SECRET, World, serving

LINE = b"no JSON, and accepted as a reject"


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    return issue(tmp_path, "ca.example", is_authority=True)


@pytest.fixture
def acme(tmp_path: Path, authority: Issued) -> Issued:
    return issue(tmp_path, "logs.acme.example", by=authority)


@pytest.fixture
def tls(tmp_path: Path, authority: Issued) -> ServerTls:
    server = issue(tmp_path, "collector.example", by=authority)
    return ServerTls(TlsFiles(certificate=server.certificate, key=server.key, client_ca=authority.certificate))


def known_by(credentials: Credentials) -> Callable[[Any], None]:
    def prepare(collector: Any) -> None:
        source = collector.app[SOURCES].http("cloudflare")
        collector.app[SOURCES] = Sources([replace(source, credentials=credentials)])

    return prepare


async def post(world: World, context: ssl.SSLContext, data: Any = LINE, **headers: str) -> int:
    url = f"{world.url.replace('127.0.0.1', 'localhost')}/v1/logs/cloudflare"
    connector = aiohttp.TCPConnector(ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(url, data=data, headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("by", ["fingerprint", "name", "second fingerprint"])
async def test_its_certificate_lets_a_source_post_and_no_other_does(
    collector_type: Any, authority: Issued, acme: Issued, tls: ServerTls, tmp_path: Path, by: str
) -> None:
    fingerprint = bytes.fromhex(acme.fingerprint)
    credentials = {
        "fingerprint": Credentials(fingerprints=(fingerprint,)),
        "name": Credentials(certificate_names=("logs.acme.example",)),
        "second fingerprint": Credentials(fingerprints=(b"\0" * 32, fingerprint)),
    }[by]
    other = issue(tmp_path, "logs.other.example", by=authority)
    async with serving(collector_type, tls=tls, prepare=known_by(credentials)) as world:
        assert await post(world, acme.client(trusts=authority)) == 200
        assert await post(world, other.client(trusts=authority)) == 401
        assert await post(world, client_context(authority)) == 401
        assert await post(world, client_context(authority), **BEARER) == 401
        assert world.outcome("cloudflare", "unauthorized") == 3


async def test_a_source_may_have_a_token_and_a_certificate_while_it_changes_over(
    collector_type: Any, authority: Issued, acme: Issued, tls: ServerTls
) -> None:
    credentials = Credentials(hashes=(hash_of(SECRET),), fingerprints=(bytes.fromhex(acme.fingerprint),))
    async with serving(collector_type, tls=tls, prepare=known_by(credentials)) as world:
        assert await post(world, acme.client(trusts=authority)) == 200
        assert await post(world, client_context(authority), **BEARER) == 200
        assert await post(world, client_context(authority)) == 401


async def test_a_certificate_that_nobody_trusts_ends_the_handshake(
    collector_type: Any, authority: Issued, tls: ServerTls, tmp_path: Path
) -> None:
    stranger = issue(tmp_path, "logs.acme.example-of-mallory")
    credentials = Credentials(certificate_names=("logs.acme.example-of-mallory",))
    async with serving(collector_type, tls=tls, prepare=known_by(credentials)) as world:
        with pytest.raises(aiohttp.ClientError):
            await post(world, stranger.client(trusts=authority))


async def test_the_body_of_a_stranger_is_not_waited_for(
    collector_type: Any, authority: Issued, acme: Issued, tls: ServerTls
) -> None:
    async def endless() -> Any:
        yield b"x"
        await asyncio.sleep(30)

    credentials = Credentials(fingerprints=(bytes.fromhex(acme.fingerprint),))
    async with serving(collector_type, tls=tls, prepare=known_by(credentials)) as world, asyncio.timeout(5):
        assert await post(world, client_context(authority), endless()) == 401
