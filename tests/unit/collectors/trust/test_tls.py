"""TLS servers, on real handshakes."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collectors.trust.credentials import ClientCertificate
from collectors.trust.tls import InvalidTls, ServerTls, TlsFiles, client_certificate, reload_forever
from tests.support.certificates import Issued, client_context, issue


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("ca"), "ca.example", is_authority=True)


@pytest.fixture
def server(authority: Issued, tmp_path: Path) -> Issued:
    return issue(tmp_path, "collector.example", by=authority)


@pytest.fixture
def client(authority: Issued, tmp_path: Path) -> Issued:
    return issue(tmp_path, "logs.acme.example", by=authority)


def files(server: Issued, client_ca: Path | None = None) -> TlsFiles:
    return TlsFiles(certificate=server.certificate, key=server.key, client_ca=client_ca)


class Seen:
    """Who connected to a server."""

    def __init__(self) -> None:
        self.certificates: list[ClientCertificate | None] = []

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.certificates.append(client_certificate(writer.transport))
        writer.write(b"hello")
        writer.close()


@asynccontextmanager
async def running(tls: ServerTls) -> AsyncIterator[tuple[int, Seen]]:
    seen = Seen()
    listening = await asyncio.start_server(seen, "127.0.0.1", 0, ssl=tls.context)
    async with listening:
        yield listening.sockets[0].getsockname()[1], seen


async def greet(port: int, context: ssl.SSLContext) -> tuple[str | None, bytes]:
    """The protocol and the server's certificate of a connection; raises ConnectionError if it did not come about."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    # By TLS 1.3 a client has finished its handshake before the server has judged its certificate.
    greeting = await reader.read()
    writer.close()
    if not greeting:
        raise ConnectionResetError
    return tls.version(), tls.getpeercert(binary_form=True) or b""


async def test_a_client_without_certificate_is_nobody(authority: Issued, server: Issued) -> None:
    async with running(ServerTls(files(server))) as (port, seen):
        version, _ = await greet(port, client_context(authority))
    assert (version, seen.certificates) == ("TLSv1.3", [None])


async def test_a_client_is_known_by_fingerprint_and_names(authority: Issued, server: Issued, client: Issued) -> None:
    async with running(ServerTls(files(server, authority.certificate))) as (port, seen):
        await greet(port, client.client(trusts=authority))
        await greet(port, client_context(authority))
    owner = ClientCertificate(fingerprint=bytes.fromhex(client.fingerprint), names=("logs.acme.example", "localhost"))
    assert seen.certificates == [owner, None]


async def test_a_certificate_in_the_file_is_trusted_whoever_signed_it(
    authority: Issued, server: Issued, client: Issued
) -> None:
    async with running(ServerTls(files(server, client.certificate), requires_client=True)) as (port, seen):
        await greet(port, client.client(trusts=authority))
    assert seen.certificates[0] is not None


@pytest.mark.parametrize("shows", ["nothing", "a certificate of nobody"])
async def test_where_a_client_certificate_is_required_others_do_not_get_in(
    authority: Issued, server: Issued, tmp_path: Path, shows: str
) -> None:
    stranger = issue(tmp_path, "stranger.example").client(trusts=authority)
    context = client_context(authority) if shows == "nothing" else stranger
    async with running(ServerTls(files(server, authority.certificate), requires_client=True)) as (port, seen):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await greet(port, context)
    assert seen.certificates == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1_1", "TLSv1"])
async def test_nothing_older_than_tls_1_2_is_spoken(authority: Issued, server: Issued, version: str) -> None:
    context = client_context(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with running(ServerTls(files(server))) as (port, _):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await greet(port, context)


def replace(server: Issued, other: Issued, *, key: bool = True) -> None:
    shutil.copy(other.certificate, server.certificate)
    if key:
        shutil.copy(other.key, server.key)
    for file in (server.certificate, server.key):
        os.utime(file, (2_000_000_000, 2_000_000_000))


async def test_a_renewed_certificate_is_used_by_the_next_connection(
    authority: Issued, server: Issued, tmp_path: Path
) -> None:
    renewed = issue(tmp_path, "renewed.example", by=authority)
    tls = ServerTls(files(server))
    async with running(tls) as (port, _):
        _, before = await greet(port, client_context(authority))
        replace(server, renewed)
        watching = asyncio.create_task(reload_forever([tls], 0.01))
        async with asyncio.timeout(5):
            while (await greet(port, client_context(authority)))[1] == before:
                pass
        watching.cancel()


async def test_half_of_a_renewal_changes_nothing_and_is_tried_again(
    authority: Issued, server: Issued, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    renewed = issue(tmp_path, "renewed.example", by=authority)
    tls = ServerTls(files(server))
    async with running(tls) as (port, _):
        _, before = await greet(port, client_context(authority))
        replace(server, renewed, key=False)
        tls.reload()
        assert (await greet(port, client_context(authority)))[1] == before
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        replace(server, renewed)
        tls.reload()
        assert (await greet(port, client_context(authority)))[1] != before


def test_files_that_have_gone_change_nothing(server: Issued, caplog: pytest.LogCaptureFixture) -> None:
    tls = ServerTls(files(server))
    server.key.unlink()
    tls.reload()
    assert "the TLS certificate stays the old one" in caplog.text


def test_files_that_have_not_changed_are_not_read_again(server: Issued, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ServerTls(files(server)).reload()
    assert caplog.records == []


@pytest.mark.parametrize("broken", ["certificate", "key", "client_ca"])
def test_files_that_make_no_server_are_named(server: Issued, tmp_path: Path, broken: str) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("no certificate")
    paths = {"certificate": server.certificate, "key": server.key, "client_ca": None, broken: nothing}
    with pytest.raises(InvalidTls, match=r"nothing\.pem"):
        ServerTls(TlsFiles(**paths))  # type: ignore[arg-type]  # one of three is another path


def test_files_that_are_not_there_are_named(server: Issued, tmp_path: Path) -> None:
    with pytest.raises(InvalidTls, match=r"none\.pem"):
        ServerTls(TlsFiles(certificate=tmp_path / "none.pem", key=server.key))
