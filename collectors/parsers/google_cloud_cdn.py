"""Google Cloud CDN: request logs of an external Application Load Balancer, one LogEntry a line, through Pub/Sub.

Fields: docs.cloud.google.com, pages "Cloud CDN: logs and metrics" and "External Application Load Balancer logging";
what the LogEntry itself means: collectors/parsers/google_log_entry.py. Facts and quirks:

* Requests that Cloud CDN makes by itself (validation, byte ranges to fill the cache) are entries of their own, with
  the client's entry named in `jsonPayload.parentInsertId`: internal.
* `jsonPayload.statusDetails` says why a response ended: `client_disconnected_after_partial_response` and
  `client_disconnected_before_any_response` (status 0) are viewers that left, `client_timed_out` are viewers that
  stopped reading, `cache_lookup_timeout_after_partial_response` those that read too slowly: aborted.
* `responseSize` has headers in it, and the protocol of the request is not logged: collectors/parsers/body_estimate.py
  makes the body of it.
* Ranges are not logged and neither is the object's size: the billing rule bills a 200 in full and a 206 not at all.
* `cacheId` is the airport of the cache and an opaque number (`SFO-fbae48ad`): the airport is the point of presence.
* Logging has a sample rate a backend, which entries do not tell; the docs say how to check it. The redirects that the
  load balancer makes by itself are not logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import LineParser, Record
from collectors.parsers.fields import method_of, path_of, text
from collectors.parsers.format import Format, always
from collectors.parsers.google_log_entry import HttpRequest, address_of, end_ms, optional_duration_ms
from collectors.parsers.json_lines import JsonLines
from collectors.parsers.urls import host_of
from schemas.cdn_logs_pb2 import CacheStatus

_ABORTED: Final = frozenset(
    {
        "client_disconnected_after_partial_response",
        "client_disconnected_before_any_response",
        "client_timed_out",
        "cache_lookup_timeout_after_partial_response",
    }
)


class _Payload(msgspec.Struct, gc=False, rename="camel"):
    status_details: str = ""
    cache_id: str = ""
    parent_insert_id: str = ""


class _Entry(msgspec.Struct, gc=False, rename="camel"):
    http_request: HttpRequest
    timestamp: str
    json_payload: _Payload = msgspec.field(default_factory=_Payload)
    insert_id: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Cloud CDN sources have no options."""


def parser(options: Options) -> LineParser:
    """The parser of load balancer log entries."""
    del options
    return _parse


_entries: Final = JsonLines(_Entry)


def _parse(line: bytes) -> Record:
    entry = _entries.decode(line)
    request, payload = entry.http_request, entry.json_payload
    elapsed_ms = optional_duration_ms(request.latency)
    return Record(
        event_time_ms=end_ms(entry.timestamp, elapsed_ms),
        status=request.status,
        path=path_of(text(request.request_url)),
        method=method_of(text(request.request_method)),
        host=host_of(request.request_url),
        body_bytes=request.body_bytes(),
        aborted=payload.status_details in _ABORTED,
        internal=bool(payload.parent_insert_id),
        cache_status=_cache_status(request),
        client_ip=address_of(text(request.remote_ip)),
        user_agent=text(request.user_agent),
        pop=payload.cache_id.partition("-")[0],
        elapsed_ms=elapsed_ms,
        request_id=entry.insert_id,
    )


def _cache_status(request: HttpRequest) -> CacheStatus:
    if request.cache_validated_with_origin_server or not request.cache_lookup:
        return CacheStatus.CACHE_STATUS_OTHER
    return CacheStatus.CACHE_STATUS_HIT if request.cache_hit else CacheStatus.CACHE_STATUS_MISS


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="pubsub-json", has_request_id=always),
}
