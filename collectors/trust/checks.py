"""Whether a source's senders prove who they are, by what its listener can see of them."""

from __future__ import annotations

from collectors.listeners import SyslogEndpoint
from collectors.trust.credentials import Credentials
from collectors.trust.loopback import is_loopback


class Untrusted(ValueError):
    """A source that anybody could send for, or credentials that its listener can never see."""


def check_http_trust(credentials: Credentials, *, host: str, has_client_ca: bool) -> None:
    """Refuse an HTTP source that strangers could post to. Raises Untrusted."""
    if credentials.ask_for_certificate and not has_client_ca:
        raise Untrusted("client certificates need COLLECTOR_TLS_CLIENT_CA_FILE to be verified against")
    if not credentials and not is_loopback(host):
        raise _open_to_all(host, "")


def check_syslog_trust(credentials: Credentials, endpoint: SyslogEndpoint) -> None:
    """Refuse a syslog source that strangers could send to. Raises Untrusted."""
    if credentials.identities:
        raise Untrusted("oidc is for HTTP: no syslog sender has an identity token")
    _check_certificates(credentials, endpoint)
    if credentials or is_loopback(endpoint.host):
        return
    if endpoint.transport != "udp":
        raise _open_to_all(endpoint.host, "")
    # Senders of plain UDP (KeyCDN) have nothing to show but their address.
    if not endpoint.allow_from:
        raise _open_to_all(endpoint.host, ", or name the sender's networks in listener.allow_from,")


def _check_certificates(credentials: Credentials, endpoint: SyslogEndpoint) -> None:
    has_client_ca = endpoint.tls is not None and endpoint.tls.client_ca is not None
    if credentials.ask_for_certificate != has_client_ca:
        raise Untrusted("client certificates and a syslog-tls listener's client_ca_file need each other")
    if credentials.ask_for_certificate and credentials.hashes:
        raise Untrusted("a syslog source has either client certificates or tokens in its lines, not both")


def _open_to_all(host: str, or_else: str) -> Untrusted:
    return Untrusted(f"none, although {host} can be reached from outside; add one{or_else} or listen on 127.0.0.1")
