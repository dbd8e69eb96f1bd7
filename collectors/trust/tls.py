"""TLS of a server: contexts from files, certificates replaced while it runs, and who a client proved to be.

TLS 1.2 or newer with OpenSSL's own choice of ciphers (RFC 9325). Client certificates are verified in the handshake,
against a file of trusted certificates: authorities, or the client certificates themselves.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from collectors.trust.credentials import ClientCertificate

log = logging.getLogger(__name__)

#: Seconds in which a client must have finished its handshake.
HANDSHAKE_TIMEOUT_S: Final = 10.0


class InvalidTls(ValueError):
    """Files that make no TLS server; the message names them."""


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """PEM files: the server's chain and its key, and the certificates that clients are verified against."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class ServerTls:
    """A server's context and the files that it came from. Raises InvalidTls.

    `requires_client`: a handshake without a client certificate fails; otherwise one is only asked for, where there
    is something to verify it against.
    """

    def __init__(self, files: TlsFiles, *, requires_client: bool = False) -> None:
        self._files = files
        self._requires_client = requires_client
        self._versions = self._read_versions()
        self.context = self._new_context()

    def reload(self) -> None:
        """Use a new certificate and key from now on, if the files have changed. Open connections stay as they are.

        Files that do not fit each other (half of a renewal) change nothing and are tried again next time. The file
        of client certificates is read at start only: OpenSSL can add trust to a living context, not take it away.
        """
        try:
            versions = self._read_versions()
            if versions == self._versions:
                return
            # In a context of its own first: a certificate without its key would break the living one.
            self._new_context()
            self.context.load_cert_chain(self._files.certificate, self._files.key)
        except InvalidTls as error:
            log.error("the TLS certificate stays the old one: %s", error)
        else:
            self._versions = versions
            log.info("TLS certificate %s is in use", self._files.certificate)

    def _read_versions(self) -> tuple[int, ...]:
        try:
            return tuple(file.stat().st_mtime_ns for file in (self._files.certificate, self._files.key))
        except OSError as error:
            raise InvalidTls(str(error)) from error

    def _new_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        files = self._files
        try:
            context.load_cert_chain(files.certificate, files.key)
        except (OSError, ssl.SSLError) as error:
            raise InvalidTls(f"{files.certificate} with {files.key}: {error}") from error
        if files.client_ca is not None:
            self._verify_clients(context, files.client_ca)
        return context

    def _verify_clients(self, context: ssl.SSLContext, client_ca: Path) -> None:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise InvalidTls(f"{client_ca}: {error}") from error
        # Trusts a client certificate that stands in the file itself, whoever signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_mode = ssl.CERT_REQUIRED if self._requires_client else ssl.CERT_OPTIONAL


async def reload_forever(servers: list[ServerTls], interval_s: float) -> None:
    """Look for changed files every so many seconds, until cancelled."""
    while True:
        await asyncio.sleep(interval_s)
        for server in servers:
            server.reload()


def client_certificate(transport: asyncio.BaseTransport | None) -> ClientCertificate | None:
    """The certificate that the client of a connection has proven to own; None if it showed none."""
    tls: ssl.SSLObject | None = None if transport is None else transport.get_extra_info("ssl_object")
    der = None if tls is None else tls.getpeercert(binary_form=True)
    if tls is None or der is None:
        return None
    alternatives = cast("tuple[tuple[str, str], ...]", (tls.getpeercert() or {}).get("subjectAltName", ()))
    return ClientCertificate(
        fingerprint=hashlib.sha256(der).digest(),
        names=tuple(name for kind, name in alternatives if kind == "DNS"),
    )
