"""Log lines: one event as each CDN writes it down, with the quirks that its vendor documents.

The fields are those that docs and the configured sources name (local/traffic/sources.py). Nothing in the
made-up traffic needs escaping in JSON, so that lines are put together without an encoder, a million in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from local.traffic.events import Cdn, Damage, Event, Kind

#: Order of the columns of CloudFront real-time logs, as configured at the distribution and at our source.
CLOUDFRONT_FIELDS: Final = (
    "timestamp",
    "c-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-protocol-version",
    "cs-host",
    "cs-uri-stem",
    "cs-user-agent",
    "x-edge-location",
    "x-edge-request-id",
    "time-taken",
    "x-edge-response-result-type",
    "x-edge-result-type",
    "x-edge-detailed-result-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
)
#: An HTTP/2 DATA frame: header and usual payload (RFC 9113 sections 4.1 and 6.5.2).
_FRAME_HEADER_BYTES: Final = 9
_FRAME_BYTES: Final = 16_384
_CONTENT_TYPES: Final = {
    Kind.SEGMENT: "video%2Fmp4",
    Kind.INIT: "video%2Fmp4",
    Kind.MANIFEST: "application%2Fvnd.apple.mpegurl",
}


def line(event: Event) -> str:
    """Return the line that the event's CDN logs, without its end; damaged if the event says so."""
    whole = _RENDERERS[event.viewer.cdn](event)
    return whole[: len(whole) // 2] if event.damage is Damage.TRUNCATED else whole


def akamai_bytes(event: Event) -> int:
    """Field `bytes`: body bytes, which "for HTTP/2 includes overhead bytes"."""
    if event.viewer.protocol == "1.1":
        return event.body_bytes
    return event.body_bytes + _FRAME_HEADER_BYTES * -(-event.body_bytes // _FRAME_BYTES)


def cloudfront_bytes(event: Event) -> int:
    """Field `sc-bytes`: everything that was sent, headers included; nothing without a response."""
    if event.status == 0:
        return 0
    headers = 480 if event.viewer.protocol == "1.1" else 210
    return event.body_bytes + headers + event.request_id % 64


def content_length(event: Event) -> int | None:
    """Value of the response's Content-Length header, whatever was sent of it; None where it has none."""
    if event.status == 200:
        return event.object_bytes
    if event.status == 206:
        return event.last - event.first + 1
    return None if event.status in (0, 304, 499) else event.body_bytes


def _fastly(event: Event) -> str:
    viewer, length = event.viewer, content_length(event)
    content_range = f"bytes {event.first}-{event.last}/{event.object_bytes}" if event.status == 206 else ""
    return (
        f'{{"v":1,"ts_ms":{event.end_ms - event.elapsed_ms},"end_ms":{event.end_ms},"id":"{event.request_id:016x}",'
        f'"svc":"SU1Z0isxPaozGVKXdv0eY","pop":"{viewer.pop}","ip":"{viewer.address}","method":"{event.method}",'
        f'"host":"{viewer.host}","url":"{event.path}?tok={event.request_id % 997:03}","proto":"HTTP/{viewer.protocol}",'
        f'"status":{_status(event)},"body":{event.body_bytes},"clen":{"null" if length is None else length},'
        f'"crange":"{content_range}","done":{int(event.completed)},"cache":"{"HIT" if event.hit else "MISS"}",'
        f'"ttfb":{event.first_byte_ms / 1_000:.3f},"elapsed_us":{event.elapsed_ms * 1_000},'
        f'"ua":"{viewer.user_agent}","edge":{int(not event.internal)}}}'
    )


def _cloudflare(event: Event) -> str:
    viewer = event.viewer
    source, parent = ("edgeWorkerFetch", f"{event.request_id // 3:016x}") if event.internal else ("eyeball", "00")
    return (
        f'{{"ClientIP":"{viewer.address}","ClientRequestHost":"{viewer.host}",'
        f'"ClientRequestMethod":"{event.method}","ClientRequestPath":"{event.path}",'
        f'"ClientRequestProtocol":"HTTP/{viewer.protocol}","ClientRequestURI":"{event.path}?exp=1795420000",'
        f'"ClientRequestUserAgent":"{viewer.user_agent}","ClientRequestSource":"{source}",'
        f'"CacheCacheStatus":"{"hit" if event.hit else "miss"}","EdgeColoCode":"{viewer.pop}",'
        f'"EdgeEndTimestamp":{event.end_ms * 1_000_000},"EdgeResponseBodyBytes":{event.body_bytes},'
        f'"EdgeResponseBytes":{event.body_bytes + 578},"EdgeResponseStatus":{_status(event)},'
        f'"EdgeStartTimestamp":{(event.end_ms - event.elapsed_ms) * 1_000_000},'
        f'"EdgeTimeToFirstByteMs":{event.first_byte_ms},"ParentRayID":"{parent}","RayID":"{event.request_id:016x}",'
        f'"ResponseHeaders":{_cloudflare_headers(event)}}}'
    )


def _cloudflare_headers(event: Event) -> str:
    """Custom fields, which a zone logs on request: the only place where Cloudflare tells of sizes. Strings."""
    length = content_length(event)
    if length is None:
        return "{}"
    if event.status != 206:
        return f'{{"content-length":"{length}"}}'
    content_range = f"bytes {event.first}-{event.last}/{event.object_bytes}"
    return f'{{"content-length":"{length}","content-range":"{content_range}"}}'


def _akamai(event: Event) -> str:
    """All values are strings; the path lacks its slash; keys without a value are left out."""
    viewer, sent = event.viewer, akamai_bytes(event)
    start_ms = event.end_ms - event.elapsed_ms
    byte_range = f',"range":"{event.first}-{event.last}"' if event.status == 206 else ""
    return (
        f'{{"version":3,"streamId":"70123","cp":"900001","reqId":"{event.request_id & 0xFFFFFFFF:08x}",'
        f'"reqTimeSec":"{start_ms // 1_000}.{start_ms % 1_000:03}","bytes":"{sent}","cliIP":"{viewer.address}",'
        f'"statusCode":"{event.status if event.damage is not Damage.WRONG_TYPE else "lost"}",'
        f'"proto":"{"HTTPS" if viewer.protocol == "1.1" else "HTTP/2"}","reqHost":"{viewer.host}",'
        f'"reqMethod":"{event.method}","reqPath":"{event.path[1:]}","reqPort":"443",'
        f'"rspContentType":"{_CONTENT_TYPES.get(event.kind, "text%2Fplain")}","UA":"{_encoded(viewer.user_agent)}",'
        f'"tlsVersion":"TLSv1.3","objSize":"{event.object_bytes}","overheadBytes":"412","totalBytes":"{sent + 412}",'
        f'"queryStr":"exp=1795420000","cacheStatus":"{int(event.hit)}","edgeIP":"203.0.113.{event.request_id % 32}",'
        f'"turnAroundTimeMSec":"{event.first_byte_ms}","timeToFirstByte":"{event.first_byte_ms}",'
        f'"transferTimeMSec":"{event.elapsed_ms - event.first_byte_ms}",'
        f'"lastByte":"{int(event.completed)}"{byte_range}}}'
    )


def _cloudfront(event: Event) -> str:
    """A real-time line: columns in the order of CLOUDFRONT_FIELDS, `-` for none, the query in the URI stem."""
    viewer, length = event.viewer, content_length(event)
    first, last = (event.first, event.last) if event.status == 206 else ("-", "-")
    response = "Hit" if event.hit else "Miss"
    status = f"{event.status:03}" if event.damage is not Damage.WRONG_TYPE else "lost"
    version = "1.1" if viewer.protocol == "1.1" else f"{viewer.protocol}.0"
    return (
        f"{event.end_ms // 1_000}.{event.end_ms % 1_000:03}\t{viewer.address}\t{event.first_byte_ms / 1_000:.3f}\t"
        f"{status}\t{cloudfront_bytes(event)}\t{event.method}\tHTTP/{version}\t{viewer.host}\t{event.path}?tok=a\t"
        f"{_encoded(viewer.user_agent)}\t{viewer.pop}56-P4\tEXAMPLE{event.request_id:016x}==\t"
        f"{event.elapsed_ms / 1_000:.3f}\t{response}\t{response if event.completed else 'Error'}\t"
        f"{response if event.completed else 'ClientCommError'}\t{'-' if length is None else length}\t{first}\t{last}"
    )


def _status(event: Event) -> str:
    """The status as a JSON value, of a wrong type if the line is damaged so."""
    return '"lost"' if event.damage is Damage.WRONG_TYPE else str(event.status)


@lru_cache(maxsize=64)
def _encoded(user_agent: str) -> str:
    return quote(user_agent, safe="/.;:()+,_-")


_RENDERERS: Final[Mapping[Cdn, Callable[[Event], str]]] = {
    Cdn.FASTLY: _fastly,
    Cdn.CLOUDFLARE: _cloudflare,
    Cdn.AKAMAI: _akamai,
    Cdn.CLOUDFRONT: _cloudfront,
}
