"""Where the lines of a source arrive: HTTP, which all sources share, or a syslog listener of its own."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from collectors.trust.tls import TlsFiles

Transport = Literal["tcp", "tls", "udp"]
#: Fastly alone opens one from each of its points of presence.
_MAX_CONNECTIONS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Networks:
    """Addresses that may send. None at all allows every one."""

    allowed: tuple[IPv4Network | IPv6Network, ...] = ()

    def allow(self, address: str) -> bool:
        """Whether the address, as a socket gives it, is one of them."""
        if not self.allowed:
            return True
        # A socket for both families gives IPv4 senders as ::ffff:192.0.2.1, one of IPv6 perhaps with a zone.
        sender = ipaddress.ip_address(address.partition("%")[0])
        sender = getattr(sender, "ipv4_mapped", None) or sender
        return any(sender in network for network in self.allowed)

    def __bool__(self) -> bool:
        """Whether senders are limited at all."""
        return bool(self.allowed)


@dataclass(frozen=True, kw_only=True)
class SyslogEndpoint:
    """Where a source's syslog arrives: one port a source, because syslog names no source."""

    host: str
    port: int
    transport: Transport = "tcp"
    allow_from: Networks = Networks()
    max_connections: int = _MAX_CONNECTIONS
    #: Set where the transport is TLS.
    tls: TlsFiles | None = None


Port = Annotated[int, Meta(ge=0, le=65_535)]


class HttpListener(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="http"):
    """All HTTP sources share COLLECTOR_HTTP_HOST and COLLECTOR_HTTP_PORT."""

    def endpoint(self) -> None:
        """None: it has none of its own."""
        return


class _Syslog(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    port: Port
    host: str = "127.0.0.1"
    allow_from: list[str] = []

    def _networks(self) -> Networks:
        try:
            return Networks(allowed=tuple(ipaddress.ip_network(text) for text in self.allow_from))
        except ValueError as error:
            raise ValueError(f"allow_from: {error}") from error


class SyslogTcpListener(_Syslog, tag="syslog-tcp", kw_only=True):
    """Syslog over TCP (RFC 6587)."""

    max_connections: Annotated[int, Meta(ge=1)] = _MAX_CONNECTIONS

    def endpoint(self) -> SyslogEndpoint:
        """What the entry describes. Raises ValueError."""
        return SyslogEndpoint(
            host=self.host, port=self.port, allow_from=self._networks(), max_connections=self.max_connections
        )


class SyslogTlsListener(_Syslog, tag="syslog-tls", kw_only=True):
    """Syslog over TLS (RFC 5425)."""

    certificate_file: str
    key_file: str
    client_ca_file: str | None = None
    max_connections: Annotated[int, Meta(ge=1)] = _MAX_CONNECTIONS

    def endpoint(self) -> SyslogEndpoint:
        """What the entry describes. Raises ValueError."""
        files = TlsFiles(
            certificate=Path(self.certificate_file),
            key=Path(self.key_file),
            client_ca=None if self.client_ca_file is None else Path(self.client_ca_file),
        )
        return SyslogEndpoint(
            host=self.host,
            port=self.port,
            transport="tls",
            allow_from=self._networks(),
            max_connections=self.max_connections,
            tls=files,
        )


class SyslogUdpListener(_Syslog, tag="syslog-udp", kw_only=True):
    """Syslog over UDP (RFC 5426)."""

    def endpoint(self) -> SyslogEndpoint:
        """What the entry describes. Raises ValueError."""
        return SyslogEndpoint(host=self.host, port=self.port, transport="udp", allow_from=self._networks())


Listener = HttpListener | SyslogTcpListener | SyslogTlsListener | SyslogUdpListener
