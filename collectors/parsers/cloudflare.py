"""Cloudflare Logpush, dataset `http_requests`, one JSON object a line.

Fields: developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests. Facts and quirks:

* Event time is `EdgeEndTimestamp` ("finished sending"), else `EdgeStartTimestamp`. The job's `timestamp_format`
  makes them nanoseconds (API default), seconds, or RFC 3339 (dashboard default); told apart by type and
  magnitude. Jobs for billing use `unixnano`: the others lose what is below a second.
* `EdgeResponseBodyBytes` is the body alone.
* Status 499: the client closed before the complete response. Since 2026-01-19 cancelled HTTP/3 requests are
  logged so, and may have body bytes (changelog "HTTP/3 499 reporting improvement"): flagged as aborted.
* `ClientRequestSource` other than `eyeball` is not an end user (reference page "ClientRequestSource field": to
  count requests, filter on eyeball). A Worker's sub-request (page "Subrequests") also has the `ParentRayID` of its
  cause; eyeball rows have `00` or nothing. Both are internal. `orangeToOrange` is a request that comes through
  another zone: that zone logs the viewer's. With `subrequest_merging` the sub-requests stand inside their parent's
  line, in a field that is not read. `CacheTieredFill` only says that tiered cache served an eyeball's request.
* Ranges and object sizes are not native; the custom fields `content-range` and `content-length` of
  `ResponseHeaders` are read where the zone logs them (page "Custom fields", which rules out only the *request*
  header Range). That the two are filled for a 206 out of the cache is unconfirmed.
* `RayID` is the request's id, but "not guaranteed to be unique for every request" (page "Cloudflare Ray ID"): the
  usage job takes two lines for one only if event time and path are the same as well.
* `sample_rate` is an option of the job; no field tells it.
* Creating a job uploads `{"content":"tests"}`: a probe, answered with 200 and dropped (page "Enable HTTP
  destination").
* Path: `ClientRequestPath` has no query. With the option `CVE-2021-44228=true` a `${` in it comes as `x{`.
* Whether a batch that is uploaded again after an outage holds the same lines in the same order is not documented:
  our source sets `deduplicate_records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import (
    ByteCount,
    Status,
    content_range,
    duration_ms,
    epoch_ms_by_magnitude,
    method_of,
    path_of,
    rfc3339_ms,
    text,
    whole_number,
)
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines

#: Body of the test upload at job creation.
PROBE: Final = {"content": "tests"}

_CLIENT_CLOSED: Final = 499
_CACHE: Final = cache_statuses(
    hit=("hit", "stream_hit", "stale", "updating"), miss=("miss", "expired"), unknown=("unknown",)
)


class _ResponseHeaders(msgspec.Struct, gc=False):
    content_range: str = msgspec.field(name="content-range", default="")
    content_length: str | int = msgspec.field(name="content-length", default="")


class _Row(msgspec.Struct, gc=False, kw_only=True, rename="pascal"):
    """In the order of our job's fields, in which they are found at once; any other order is read as well."""

    ray_id: str = msgspec.field(name="RayID", default="")
    parent_ray_id: str = msgspec.field(name="ParentRayID", default="")
    client_request_source: str = ""
    edge_start_timestamp: int | str | None = None
    edge_end_timestamp: int | str | None = None
    edge_time_to_first_byte_ms: ByteCount | None = None
    client_request_method: str = ""
    client_request_host: str = ""
    client_request_path: str
    edge_response_status: Status
    edge_response_body_bytes: ByteCount
    response_headers: _ResponseHeaders | None = None
    cache_cache_status: str = ""
    edge_colo_code: str = ""
    client_ip: str = msgspec.field(name="ClientIP", default="")
    client_request_user_agent: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Cloudflare sources have no options."""


def parser(options: Options) -> LineParser:
    """The parser of `http_requests` lines."""
    del options
    return _parse


def is_probe(body: bytes) -> bool:
    """Whether a body is the test upload of a job's creation."""
    if len(body) > 64:
        return False
    try:
        return bool(msgspec.json.decode(body) == PROBE)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


_rows: Final = JsonLines(_Row)


def _parse(line: bytes) -> Record:
    row = _rows.decode(line)
    start_ms, end_ms = _epoch_ms(row.edge_start_timestamp), _epoch_ms(row.edge_end_timestamp)
    first, last, size = _sizes(row)
    # By position, as every line comes here: see Record.
    return Record(
        _event_time_ms(start_ms, end_ms),
        row.edge_response_status,
        path_of(text(row.client_request_path)),
        method_of(text(row.client_request_method)),
        text(row.client_request_host),
        row.edge_response_body_bytes,
        size,
        row.edge_response_status == _CLIENT_CLOSED,
        _is_internal(row),
        _CACHE[row.cache_cache_status],
        text(row.client_ip),
        text(row.client_request_user_agent),
        text(row.edge_colo_code),
        _optional_duration(row.edge_time_to_first_byte_ms),
        None if start_ms is None or end_ms is None else duration_ms(end_ms - start_ms),
        text(row.ray_id),
        first,
        last,
    )


def _epoch_ms(value: int | str | None) -> int | None:
    if isinstance(value, int):
        return epoch_ms_by_magnitude(value)
    if value is None or not text(value):
        return None
    number = whole_number(value)
    return rfc3339_ms(value) if number is None else epoch_ms_by_magnitude(number)


def _event_time_ms(start_ms: int | None, end_ms: int | None) -> int:
    moment = start_ms if end_ms is None else end_ms
    if moment is None:
        raise InvalidLine("bad-field", "the line has neither EdgeEndTimestamp nor EdgeStartTimestamp")
    return moment


def _sizes(row: _Row) -> tuple[int | None, int | None, int | None]:
    headers = row.response_headers
    if headers is None:
        return None, None, None
    if headers.content_range:
        return content_range(headers.content_range)
    return None, None, whole_number(str(headers.content_length)) if row.edge_response_status == 200 else None


def _is_internal(row: _Row) -> bool:
    return row.client_request_source not in {"eyeball", ""} or row.parent_ray_id not in {"00", ""}


def _optional_duration(value: int | None) -> int | None:
    return None if value is None else duration_ms(value)


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="json", is_probe=is_probe, has_request_id=always),
}
