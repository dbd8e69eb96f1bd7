"""Which listeners may do without credentials, and which credentials a listener can see."""

from __future__ import annotations

from contextlib import nullcontext
from ipaddress import ip_network
from pathlib import Path

import pytest

from collectors.listeners import Networks, SyslogEndpoint, Transport
from collectors.trust.checks import Untrusted, check_http_trust, check_syslog_trust
from collectors.trust.credentials import Credentials
from collectors.trust.identity_tokens import TokenIdentity
from collectors.trust.tls import TlsFiles

NOTHING = Credentials()
TOKEN = Credentials(hashes=(b"x" * 32,))
CERTIFICATE = Credentials(fingerprints=(b"x" * 32,))
NAME = Credentials(certificate_names=("logs.example.com",))
BOTH = Credentials(hashes=(b"x" * 32,), fingerprints=(b"x" * 32,))
IDENTITY = Credentials(
    identities=(
        TokenIdentity(issuer="https://i.example", audience="a", email="e@i.example", keys_url="https://i.example"),
    )
)
NETWORKS = Networks(allowed=(ip_network("192.0.2.0/24"),))


@pytest.mark.parametrize(
    ("credentials", "host", "has_client_ca", "complaint"),
    [
        (NOTHING, "127.0.0.1", False, None),
        (NOTHING, "::1", False, None),
        (NOTHING, "0.0.0.0", False, "none, although 0.0.0.0 can be reached from outside; add one or listen on 127"),
        (NOTHING, "0.0.0.0", True, "none, although"),
        (TOKEN, "0.0.0.0", False, None),
        (CERTIFICATE, "0.0.0.0", True, None),
        (CERTIFICATE, "127.0.0.1", False, "COLLECTOR_TLS_CLIENT_CA_FILE"),
        (NAME, "0.0.0.0", False, "COLLECTOR_TLS_CLIENT_CA_FILE"),
        (BOTH, "0.0.0.0", True, None),
        (IDENTITY, "0.0.0.0", False, None),
    ],
)
def test_http(credentials: Credentials, host: str, has_client_ca: bool, complaint: str | None) -> None:
    with nullcontext() if complaint is None else pytest.raises(Untrusted, match=complaint):
        check_http_trust(credentials, host=host, has_client_ca=has_client_ca)


@pytest.mark.parametrize(
    ("credentials", "transport", "host", "allow_from", "complaint"),
    [
        (NOTHING, "tcp", "127.0.0.1", Networks(), None),
        (NOTHING, "tcp", "0.0.0.0", Networks(), "none, although 0.0.0.0"),
        (NOTHING, "tcp", "0.0.0.0", NETWORKS, "none, although 0.0.0.0"),
        (TOKEN, "tcp", "0.0.0.0", Networks(), None),
        (CERTIFICATE, "tcp", "0.0.0.0", Networks(), "client_ca_file need each other"),
        (NOTHING, "udp", "127.0.0.1", Networks(), None),
        (NOTHING, "udp", "0.0.0.0", Networks(), "or name the sender's networks in listener.allow_from"),
        (NOTHING, "udp", "0.0.0.0", NETWORKS, None),
        (TOKEN, "udp", "0.0.0.0", Networks(), None),
        (CERTIFICATE, "udp", "0.0.0.0", NETWORKS, "client_ca_file need each other"),
        (IDENTITY, "tcp", "127.0.0.1", Networks(), "oidc is for HTTP"),
    ],
)
def test_syslog(
    credentials: Credentials, transport: Transport, host: str, allow_from: Networks, complaint: str | None
) -> None:
    endpoint = SyslogEndpoint(host=host, port=514, transport=transport, allow_from=allow_from)
    with nullcontext() if complaint is None else pytest.raises(Untrusted, match=complaint):
        check_syslog_trust(credentials, endpoint)


@pytest.mark.parametrize(
    ("credentials", "client_ca", "complaint"),
    [
        (TOKEN, None, None),
        (CERTIFICATE, Path("ca.pem"), None),
        (NAME, Path("ca.pem"), None),
        (CERTIFICATE, None, "need each other"),
        (TOKEN, Path("ca.pem"), "need each other"),
        (BOTH, Path("ca.pem"), "either client certificates or tokens"),
        (NOTHING, None, "none, although"),
    ],
)
def test_syslog_over_tls(credentials: Credentials, client_ca: Path | None, complaint: str | None) -> None:
    files = TlsFiles(certificate=Path("c"), key=Path("k"), client_ca=client_ca)
    endpoint = SyslogEndpoint(host="0.0.0.0", port=6514, transport="tls", tls=files)
    with nullcontext() if complaint is None else pytest.raises(Untrusted, match=complaint):
        check_syslog_trust(credentials, endpoint)
