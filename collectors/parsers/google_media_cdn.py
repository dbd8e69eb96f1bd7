"""Google Media CDN: request logs, one LogEntry a line, through Pub/Sub.

Fields: docs.cloud.google.com, page "Media CDN: request logging overview" of 2026-04; what the LogEntry itself means:
collectors/parsers/google_log_entry.py. Facts and quirks:

* Cache fills of an `EdgeCacheOrigin` are entries too. They alone have `backendLatency`, `backendInitialLatency`,
  `flexShieldingRegion` or `flexShieldingStatus`, and a viewer's request alone has the resource type
  `edgecache.googleapis.com/EdgeCacheRouteRule`: everything else is internal. (The fills' own resource type is
  unconfirmed: the page's sample is a viewer's.)
* `latency` and `httpTtfb` stand in the payload: from the first byte of the request until the answer is written.
  That `timestamp` is the start, as it is for load balancers, is unconfirmed; were it the end, event times would be
  late by the latency.
* `cacheStatus` is a chain, the right-most nearest to the viewer: `fetch, miss, miss`; `hit,stale` was served from
  the cache. `metroIataCode` is the airport of the proxy, in either case.
* `responseSize` has headers in it: collectors/parsers/body_estimate.py makes the body of it.
* `rangeHeader` is what was asked for, not what was answered, and the object's size is not logged: the billing rule
  bills a 200 in full and a 206 not at all.
* A viewer that left in mid-transfer is not marked (`proxyStatus` tells of the origin's side); status 0 or 499 (unseen
  in the pages) are flagged as aborted.
* Logging has a sample rate a service, which entries do not tell; the docs say how to check it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import method_of, path_of, text
from collectors.parsers.format import Format, always
from collectors.parsers.google_log_entry import HttpRequest, address_of, end_ms, optional_duration_ms
from collectors.parsers.json_lines import JsonLines
from collectors.parsers.urls import host_of
from schemas.cdn_logs_pb2 import CacheStatus

_VIEWER: Final = "edgecache.googleapis.com/EdgeCacheRouteRule"
_NO_ANSWER: Final = frozenset({0, 499})
_CACHE: Final = cache_statuses(hit=("hit", "stale"), miss=("miss", "fetch"))


class _Payload(msgspec.Struct, gc=False, rename="camel"):
    cache_status: str = ""
    latency: str = ""
    http_ttfb: str = ""
    metro_iata_code: str = ""
    backend_latency: str = ""
    backend_initial_latency: str = ""
    flex_shielding_region: str = ""
    flex_shielding_status: str = ""

    def is_fill(self) -> bool:
        """Whether the payload is that of a cache fill."""
        return bool(
            self.backend_latency
            or self.backend_initial_latency
            or self.flex_shielding_region
            or self.flex_shielding_status
        )


class _Resource(msgspec.Struct, gc=False):
    type: str = _VIEWER


class _Entry(msgspec.Struct, gc=False, rename="camel"):
    http_request: HttpRequest
    json_payload: _Payload
    timestamp: str
    resource: _Resource = msgspec.field(default_factory=_Resource)
    insert_id: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Media CDN sources have no options."""


def parser(options: Options) -> LineParser:
    """The parser of edge cache log entries."""
    del options
    return _parse


_entries: Final = JsonLines(_Entry)


def _parse(line: bytes) -> Record:
    entry = _entries.decode(line)
    request, payload = entry.http_request, entry.json_payload
    elapsed_ms = optional_duration_ms(payload.latency or request.latency)
    return Record(
        event_time_ms=end_ms(entry.timestamp, elapsed_ms),
        status=request.status,
        path=path_of(text(request.request_url)),
        method=method_of(text(request.request_method)),
        host=host_of(request.request_url),
        body_bytes=request.body_bytes(),
        aborted=request.status in _NO_ANSWER,
        internal=entry.resource.type != _VIEWER or payload.is_fill(),
        cache_status=_cache_status(payload.cache_status),
        client_ip=address_of(text(request.remote_ip)),
        user_agent=text(request.user_agent),
        pop=payload.metro_iata_code.upper(),
        time_to_first_byte_ms=optional_duration_ms(payload.http_ttfb),
        elapsed_ms=elapsed_ms,
        request_id=entry.insert_id,
    )


def _cache_status(chain: str) -> CacheStatus:
    nearest = chain.rpartition(",")[2].strip()
    return _CACHE[nearest]


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="pubsub-json", has_request_id=always),
}
