"""Who posts: the credential of a request against those of the source that its path names. Reads no body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

from aiohttp import web

from collectors.routes.keys import SOURCES
from collectors.routes.refusals import UNAUTHORIZED, Refused
from collectors.sources import Source

_FIREHOSE_KEY: Final = "X-Amz-Firehose-Access-Key"
_PLAIN_HEADER: Final = "X-Collector-Token"
_URL_ARGUMENT: Final = "token"


def authenticate(request: web.Request) -> Source:
    """The source that the path names, once its credential is proven.

    A source without credentials (loopback only, see collectors/sources.py) is open. Raises Refused; an unknown
    source is refused exactly like a wrong credential.
    """
    source = request.app[SOURCES].http(request.match_info["source_id"])
    if source is None:
        raise Refused(UNAUTHORIZED)
    if source.credentials and not any(source.credentials.accept(secret) for secret in _presented(request)):
        raise Refused(UNAUTHORIZED)
    return source


def _presented(request: web.Request) -> Iterator[str]:
    """The secrets of a request, in every place where a CDN can put one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield value.strip()
    if scheme.lower() == "basic":
        yield from _password(value.strip())
    for header in (_PLAIN_HEADER, _FIREHOSE_KEY):
        if header in request.headers:
            yield request.headers[header]
    if _URL_ARGUMENT in request.query:
        yield request.query[_URL_ARGUMENT]


def _password(value: str) -> Iterator[str]:
    """The password of a Basic credential (RFC 7617); the user name is the sender's to choose."""
    try:
        _, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
    if colon:
        yield password
