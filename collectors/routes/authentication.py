"""Who posts: the credential of a request against those of the source that its path names. Reads no body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final

from aiohttp import web

from collectors.routes.keys import METRICS, SIGNING_KEYS, SOURCES
from collectors.routes.refusals import KEYS_UNAVAILABLE, UNAUTHORIZED, Refused
from collectors.sources import Source
from collectors.trust.credentials import Credentials
from collectors.trust.identity_tokens import TokenIdentity, key_id_of, proves
from collectors.trust.signing_keys import KeysUnavailable, SigningKeys
from collectors.trust.tls import client_certificate

_FIREHOSE_KEY: Final = "X-Amz-Firehose-Access-Key"
_PLAIN_HEADER: Final = "X-Collector-Token"
_URL_ARGUMENT: Final = "token"
#: Whom nobody can be: an unknown source is looked at like any other, so that time does not tell which ones exist.
_NOBODY: Final = Credentials(hashes=(bytes(32),))
#: In metrics, for sources that are not configured: no source can have this id.
_UNKNOWN: Final = "-"


async def authenticate(request: web.Request) -> Source:
    """The source that the path names, once its credential is proven.

    A source without credentials (loopback only, see collectors/sources.py) is open. Raises Refused; an unknown
    source is refused exactly like a wrong credential, and counted without its name.
    """
    source = request.app[SOURCES].http(request.match_info["source_id"])
    credentials = _NOBODY if source is None else source.credentials
    if (not credentials or await _proves(request, credentials)) and source is not None:
        return source
    request.app[METRICS].deliveries.labels(_UNKNOWN if source is None else source.id, UNAUTHORIZED.reason).inc()
    raise Refused(UNAUTHORIZED)


async def _proves(request: web.Request, credentials: Credentials) -> bool:
    """Whether the request has any one of the credentials."""
    if any(credentials.accept(secret) for secret in _presented(request)):
        return True
    shown = client_certificate(request.transport) if credentials.ask_for_certificate else None
    if shown is not None and credentials.accept_certificate(shown):
        return True
    return await _has_identity(request, credentials.identities)


def _presented(request: web.Request) -> Iterator[str]:
    """The secrets of a request, in every place where a CDN can put one."""
    scheme, value = _authorization(request)
    if scheme == "bearer":
        yield value
    if scheme == "basic":
        yield from _password(value)
    for header in (_PLAIN_HEADER, _FIREHOSE_KEY):
        if header in request.headers:
            yield request.headers[header]
    if _URL_ARGUMENT in request.query:
        yield request.query[_URL_ARGUMENT]


def _authorization(request: web.Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), value.strip()


async def _has_identity(request: web.Request, identities: Sequence[TokenIdentity]) -> bool:
    """Whether the bearer is an identity token of one of them. Raises Refused if that cannot be found out now."""
    scheme, token = _authorization(request)
    key_id = key_id_of(token) if identities and scheme == "bearer" else None
    if key_id is None:
        return False
    try:
        return any([await _is_proven(token, key_id, each, request.app[SIGNING_KEYS]) for each in identities])
    except KeysUnavailable as error:
        raise Refused(KEYS_UNAVAILABLE, str(error)) from error


async def _is_proven(token: str, key_id: str, identity: TokenIdentity, keys: SigningKeys) -> bool:
    key = await keys.key(identity.keys_url, key_id)
    return key is not None and proves(token, key, identity)


def _password(value: str) -> Iterator[str]:
    """The password of a Basic credential (RFC 7617); the user name is the sender's to choose."""
    try:
        _, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
    if colon:
        yield password
