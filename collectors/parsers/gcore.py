"""Gcore CDN logs uploader: JSON lines, or text with quoted columns.

Fields: gcore.com/docs/cdn/logs/logs-uploader, "Log fields"; policy and target: gcore.com/docs/api-reference/cdn. They
are nginx's variables. Facts and quirks:

* Event time: `time_local`, which nginx writes at the end of the response, in whole seconds; its layout is the policy's
  `date_format`, read is the default. `request_time` is in seconds.
* `body_bytes_sent` is the body without headers.
* The size of the object is not among the default fields: a 206 bills nothing, and a 200 that was cut off bills whole.
  `sent_http_content_range` and `sent_http_content_length` are read where a policy has them (unconfirmed that it can).
* Vendor's rule: "we occasionally add new fields to the end of the line". So text lines may have more columns than the
  source's option `fields` names, never fewer. In text, `[...]` around a value belongs to the layout and is not read.
* Shield rows (policy `include_shield_logs`, off by default) come from the pre-cache server. `shield_type` is
  `shield_no` in all public lines; which value a shield's own row has, and whether the edge's row of a shielded
  resource has another, is **unconfirmed**. So any other value is rejected (`unknown-shield-type`), neither billed nor
  lost, until one of the options `viewer_shield_types` and `internal_shield_types` names it.
* Rows whose host ends in `_cache_sharded` (seen in public lines, on port 10080, with the viewer's address) are an edge
  asking the server of the same PoP that holds the object: internal.
* Request id: `request_id` where the policy has it; else made of edge, connection number, request number on the
  connection, and second, which nginx gives to one request only. Lines without these have none.
* Sampling: the policy's `log_sample_rate`; nothing in a line tells of it. Keep it at 1.
* Target validation sends a request whose body is not documented: see `is_probe`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.clf_time import clf_ms
from collectors.parsers.escapes import unescaped
from collectors.parsers.fields import (
    ByteCount,
    Seconds,
    Status,
    content_range,
    duration_ms,
    seconds_to_ms,
    text,
    whole_number,
)
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines
from collectors.parsers.named_columns import NamedColumns
from collectors.parsers.request_line import request_of
from collectors.parsers.text_columns import columns_of
from collectors.parsers.utf8 import valid_utf8

#: A validation request is small; a delivery without one time of the log format is not taken for one.
PROBE_MAX_BYTES: Final = 4_096
#: The default list of the text format (the log format example of the vendor's page), "-" for its constants.
FIELDS: Final = (
    *("remote_addr", "-", "remote_user", "time_local", "request", "status", "body_bytes_sent", "http_referer"),
    *("http_user_agent", "bytes_sent", "edgename", "scheme", "host", "request_time", "upstream_response_time"),
    *("request_length", "http_range", "responding_node", "upstream_cache_status", "upstream_response_length"),
    *("upstream_addr", "gcdn_api_client_id", "gcdn_api_resource_id", "uid_got", "uid_set", "geoip_country_code"),
    *("geoip_city", "shield_type", "server_addr", "server_port", "upstream_status", "-", "upstream_connect_time"),
    *("upstream_header_time", "shard_addr", "geoip2_data_asnumber", "connection", "connection_requests"),
    *("http_traceparent", "http_x_forwarded_proto", "gcdn_internal_status_code", "ssl_cipher", "ssl_session_id"),
    *("ssl_session_reused", "sent_http_content_type", "tcpinfo_rtt", "server_country_code"),
    *("gcdn_tcpinfo_snd_cwnd", "gcdn_tcpinfo_total_retrans", "gcdn_rule_id"),
)
_NEEDED: Final = ("time_local", "request", "status", "body_bytes_sent")
_EDGE_NAMES: Final = frozenset({"hostname", "edgename"})
_SHARDED: Final = "_cache_sharded"
_LOCAL_TIME: Final = re.compile(rb"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:")
_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))


class _Row(msgspec.Struct, gc=False):
    time_local: str
    status: Status
    body_bytes_sent: ByteCount
    request: str = ""
    request_time: Seconds | None = None
    host: str = ""
    remote_addr: str = ""
    http_user_agent: str = ""
    upstream_cache_status: str = ""
    dc: str = ""
    # The name of `dc` in the text format.
    responding_node: str = ""
    hostname: str = ""
    # The name of `hostname` in the text format.
    edgename: str = ""
    shield_type: str = ""
    connection: str | int = ""
    connection_requests: str | int = ""
    request_id: str = ""
    sent_http_content_range: str = ""
    sent_http_content_length: str | int = ""


class JsonOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Options of JSON sources: which values of `shield_type` are a viewer's request, and which a shield's own."""

    viewer_shield_types: tuple[str, ...] = ("shield_no",)
    internal_shield_types: tuple[str, ...] = ()


class TextOptions(JsonOptions, forbid_unknown_fields=True, frozen=True):
    """Options of text sources: the policy's `fields`, `field_separator` and `field_delimiter` (the quote) besides."""

    fields: tuple[str, ...] = FIELDS
    field_separator: Annotated[str, Meta(min_length=1, max_length=1)] = " "
    field_delimiter: Annotated[str, Meta(max_length=1)] = '"'

    def __post_init__(self) -> None:
        """Refuse a list that no record can be made of."""
        for name in _NEEDED:
            if name not in self.fields:
                raise ValueError(f"the list of fields has no {name!r}, which billing needs")


def json_parser(options: JsonOptions) -> LineParser:
    """The parser of policies with `format_type` json."""
    return lambda line: _record(_rows.decode(valid_utf8(line)), options)


def text_parser(options: TextOptions) -> LineParser:
    """The parser of policies with an empty `format_type`."""
    return partial(_parse_text, rows=NamedColumns(options.fields, _Row), options=options)


def is_probe(body: bytes) -> bool:
    """Whether a body is the request of a target's validation: small, and without the time of a log line."""
    return len(body) <= PROBE_MAX_BYTES and _LOCAL_TIME.search(body) is None


_rows: Final = JsonLines(_Row)


def _parse_text(line: bytes, *, rows: NamedColumns[_Row], options: TextOptions) -> Record:
    columns = columns_of(line, separator=options.field_separator, quote=options.field_delimiter)
    if len(columns) < len(options.fields):
        raise InvalidLine(
            "bad-field", f"the line has {len(columns)} columns, fewer than the {len(options.fields)} named"
        )
    return _record(rows.row(columns), options)


def _record(row: _Row, options: JsonOptions) -> Record:
    event_time_ms = clf_ms(row.time_local)
    request = request_of(text(row.request), row.status)
    first, last, size = content_range(row.sent_http_content_range)
    length = whole_number(str(row.sent_http_content_length))
    return Record(
        event_time_ms=event_time_ms,
        status=row.status,
        path=request.path,
        method=request.method,
        host=text(row.host.removesuffix(_SHARDED)),
        body_bytes=row.body_bytes_sent,
        object_bytes=length if size is None and row.status == 200 else size,
        internal=row.host.endswith(_SHARDED) or _is_shields_own(row.shield_type, options),
        cache_status=_CACHE[row.upstream_cache_status],
        client_ip=text(row.remote_addr),
        user_agent=unescaped(text(row.http_user_agent)),
        pop=_without_brackets(row.dc or row.responding_node),
        elapsed_ms=None if row.request_time is None else duration_ms(seconds_to_ms(row.request_time)),
        request_id=_request_id(row, event_time_ms),
        range_start=first,
        range_end=last,
    )


def _is_shields_own(shield_type: str, options: JsonOptions) -> bool:
    if not text(shield_type) or shield_type in options.viewer_shield_types:
        return False
    if shield_type in options.internal_shield_types:
        return True
    raise InvalidLine("unknown-shield-type", "shield_type is in neither list of the source's options")


def _without_brackets(value: str) -> str:
    return text(value.removeprefix("[").removesuffix("]"))


def _request_id(row: _Row, event_time_ms: int) -> str:
    if text(row.request_id):
        return row.request_id
    edge = _without_brackets(row.hostname or row.edgename)
    numbers = (text(str(row.connection)), text(str(row.connection_requests)))
    return "-".join((edge, *numbers, str(event_time_ms // 1_000))) if edge and all(numbers) else ""


def _has_request_id(options: TextOptions) -> bool:
    names = set(options.fields)
    return "request_id" in names or ({"connection", "connection_requests"} <= names and bool(names & _EDGE_NAMES))


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=JsonOptions, parser=json_parser, framing="json", is_probe=is_probe, has_request_id=always),
    "text": Format(
        options=TextOptions, parser=text_parser, framing="lines", is_probe=is_probe, has_request_id=_has_request_id
    ),
}
