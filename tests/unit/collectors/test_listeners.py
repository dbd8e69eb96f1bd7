"""Listeners as the file of sources writes them."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.listeners import Listener, Networks, SyslogEndpoint
from collectors.trust.tls import TlsFiles


def endpoint(written: dict[str, Any]) -> SyslogEndpoint | None:
    listener: Listener = msgspec.convert(written, Listener)
    return listener.endpoint()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"type": "http"}, None),
        ({"type": "syslog-tcp", "port": 514}, SyslogEndpoint(host="127.0.0.1", port=514)),
        (
            {"type": "syslog-tcp", "host": "0.0.0.0", "port": 514, "max_connections": 5, "allow_from": ["10.0.0.0/8"]},
            SyslogEndpoint(
                host="0.0.0.0",
                port=514,
                allow_from=Networks(allowed=(ip_network("10.0.0.0/8"),)),
                max_connections=5,
            ),
        ),
        (
            {
                "type": "syslog-tls",
                "port": 6514,
                "certificate_file": "/tls/server.crt",
                "key_file": "/tls/server.key",
                "client_ca_file": "/tls/clients.crt",
            },
            SyslogEndpoint(
                host="127.0.0.1",
                port=6514,
                transport="tls",
                tls=TlsFiles(
                    certificate=Path("/tls/server.crt"), key=Path("/tls/server.key"), client_ca=Path("/tls/clients.crt")
                ),
            ),
        ),
        (
            {"type": "syslog-udp", "host": "::", "port": 514, "allow_from": ["192.0.2.7", "2001:db8::/32"]},
            SyslogEndpoint(
                host="::",
                port=514,
                transport="udp",
                allow_from=Networks(allowed=(ip_network("192.0.2.7/32"), ip_network("2001:db8::/32"))),
            ),
        ),
    ],
    ids=["http", "tcp", "tcp with everything", "tls", "udp"],
)
def test_every_kind_of_listener(written: dict[str, Any], expected: SyslogEndpoint | None) -> None:
    assert endpoint(written) == expected


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"type": "ftp"}, "ftp"),
        ({"type": "http", "port": 80}, "unknown field `port`"),
        ({"type": "syslog-tcp"}, "required field `port`"),
        ({"type": "syslog-tcp", "port": 70_000}, "<= 65535"),
        ({"type": "syslog-tcp", "port": 514, "key_file": "k"}, "unknown field `key_file`"),
        ({"type": "syslog-tls", "port": 6514}, "required field `certificate_file`"),
        ({"type": "syslog-udp", "port": 514, "allow_from": ["example.com"]}, "allow_from: 'example.com'"),
        ({"type": "syslog-udp", "port": 514, "allow_from": ["192.0.2.7/24"]}, "allow_from: .* has host bits set"),
    ],
)
def test_what_a_kind_does_not_know_is_refused(written: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        endpoint(written)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.9", True),
        ("::ffff:192.0.2.9", True),
        ("192.0.3.1", False),
        ("2001:db8::7", True),
        ("fe80::1%eth0", False),
        ("::ffff:198.51.100.1", False),
    ],
)
def test_senders_are_known_by_their_network(address: str, allowed: bool) -> None:
    networks = Networks(allowed=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")))
    assert networks.allow(address) is allowed
    assert Networks().allow(address)
