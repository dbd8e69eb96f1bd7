"""nginx as a self-run edge: JSON lines in the log format that we publish, and its own `combined` format.

Variables: nginx.org/en/docs/http/ngx_http_log_module.html and ngx_http_core_module.html. Facts and quirks of `json`
(nginx.log-format.conf; its keys are the names of nginx's variables):

* Event time: `$msec` is when the line is written, at the end of the response; `$request_time` is the time since the
  first bytes of the request were read.
* `$body_bytes_sent` is the body as sent, without headers. The object's size is the total of Content-Range, for a 200
  its Content-Length (none while nginx compresses, which media does not need).
* `$request_completion` is `OK` only if the response was handed to the client whole. It is where the key is missing,
  so that a format without it bills like the others that do not tell.
* `$status` is quoted: `000` (the client left before an answer) is no JSON number.
* `$request_id` is nginx's own random id of each request, the same in no other.
* `$cdn_internal` is ours: 1 for requests of your own servers that fill from this one (a shield or mid-tier).
* `escape=json` leaves octets above 0x7e as they came; those that are not UTF-8 are replaced.

`combined` (combined.py) is for old logs; its time is the end of the response too, in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.combined import parse_combined
from collectors.parsers.fields import (
    ByteCount,
    EpochSeconds,
    Seconds,
    content_range,
    duration_ms,
    method_of,
    seconds_to_ms,
    text,
    whole_number,
)
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines
from collectors.parsers.request_line import path_of_target
from collectors.parsers.utf8 import valid_utf8

_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))


class _Row(msgspec.Struct, gc=False):
    msec: EpochSeconds
    status: int | str
    body_bytes_sent: ByteCount
    request_method: str
    request_uri: str
    request_time: Seconds | None = None
    host: str = ""
    sent_http_content_range: str = ""
    sent_http_content_length: int | str = ""
    request_completion: str = "OK"
    upstream_cache_status: str = ""
    cdn_internal: bool | int | str = 0
    remote_addr: str = ""
    http_user_agent: str = ""
    hostname: str = ""
    request_id: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """nginx sources have no options: the format is ours, or nginx's own."""


def json_parser(options: Options) -> LineParser:
    """The parser of our nginx log format."""
    del options
    return _parse_json


def combined_parser(options: Options) -> LineParser:
    """The parser of nginx's `combined` format."""
    del options
    return parse_combined


_rows: Final = JsonLines(_Row)


def _parse_json(line: bytes) -> Record:
    row = _rows.decode(valid_utf8(line))
    status = _status(row.status)
    first, last, size = content_range(row.sent_http_content_range)
    return Record(
        event_time_ms=seconds_to_ms(row.msec),
        status=status,
        path=path_of_target(row.request_uri, status),
        method=method_of(text(row.request_method)),
        host=text(row.host),
        body_bytes=row.body_bytes_sent,
        object_bytes=whole_number(str(row.sent_http_content_length)) if size is None and status == 200 else size,
        aborted=row.request_completion != "OK",
        internal=str(row.cdn_internal) in {"1", "True"},
        cache_status=_CACHE[row.upstream_cache_status],
        client_ip=text(row.remote_addr),
        user_agent=text(row.http_user_agent),
        pop=text(row.hostname),
        elapsed_ms=None if row.request_time is None else duration_ms(seconds_to_ms(row.request_time)),
        request_id=text(row.request_id),
        range_start=first,
        range_end=last,
    )


def _status(value: int | str) -> int:
    status = whole_number(str(value))
    if status is None or status > 999:
        raise InvalidLine("bad-field", "status is none of HTTP")
    return status


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=json_parser, framing="json", has_request_id=always),
    "combined": Format(options=Options, parser=combined_parser, framing="lines"),
}
