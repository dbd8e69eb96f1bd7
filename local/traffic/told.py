"""What a log line tells of a response's sizes: never more than the CDN logs, so that the expectation is fair.

Written from the documented rules (docs of each source), not from the parsers that it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from local.traffic.events import Cdn, Event
from local.traffic.logs import akamai_bytes, cloudfront_bytes, content_length

#: What CloudFront's headers are taken to be: it logs totals only. HTTP/1 does not compress its headers.
_ALLOWANCE_HTTP1: Final = 600
_ALLOWANCE: Final = 300


class Told(NamedTuple):
    """Body bytes as far as the line tells, and the size of the whole object or None if it does not tell."""

    body_bytes: int
    object_bytes: int | None


def told(event: Event) -> Told:
    """Return what the line of this event tells."""
    return _TOLD[event.viewer.cdn](event)


def _by_headers(event: Event) -> Told:
    """Fastly and Cloudflare log the body, and two headers: Content-Length of a 200, Content-Range of a 206."""
    return Told(event.body_bytes, event.object_bytes if event.status in (200, 206) else None)


def _akamai(event: Event) -> Told:
    """Akamai logs the object's size with everything, and counts HTTP/2 frames as body."""
    return Told(akamai_bytes(event), event.object_bytes)


def _cloudfront(event: Event) -> Told:
    """CloudFront logs totals only, and for a 206 the range without the object's size.

    A total of at least the Content-Length is a whole body; below that, the headers' allowance is taken off.
    """
    total, length = cloudfront_bytes(event), content_length(event)
    size = length if event.status == 200 else None
    if length is not None and total >= length:
        return Told(length, size)
    allowance = _ALLOWANCE_HTTP1 if event.viewer.protocol == "1.1" else _ALLOWANCE
    return Told(max(total - allowance, 0), size)


_TOLD: Final[Mapping[Cdn, Callable[[Event], Told]]] = {
    Cdn.FASTLY: _by_headers,
    Cdn.CLOUDFLARE: _by_headers,
    Cdn.AKAMAI: _akamai,
    Cdn.CLOUDFRONT: _cloudfront,
}
