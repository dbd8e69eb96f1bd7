"""Varnish as a self-run edge, through `varnishncsa`: JSON lines in the format that we publish, and `combined`.

Formatters: varnishncsa(1). Facts and quirks of `json` (varnish.log-format.txt, written with `varnishncsa -j`, and
varnish.log-fields.vcl):

* Event time: `start_us` (`%{usec}t`, the request was received) + `elapsed_us` (`%D`, until the delivery of the response
  was finished).
* `body` (`%b`) is the body as sent, without headers. The object's size is the total of Content-Range, for a 200 its
  Content-Length (none for a response that is streamed while its size is unknown).
* Varnish does not log whether a client took the whole response: a GET whose body is shorter than its Content-Length
  was cut off.
* `handling`: hit, miss, pass, pipe, synth. Sub-requests of ESI are logged only with `-E`: leave it out.
* `%{Varnish:vxid}x` starts again with the process, so the request id is ours, made in VCL: server, vxid and time.
  Responses that VCL makes (`synth`) have none; they bill nothing.
* `internal` is ours too: 1 for requests of your own servers that fill from this one.
* With `-j` a missing text is "" and a missing number 0; octets above 0x7e stay as they came, and those that are not
  UTF-8 are replaced.

`combined` (combined.py) is what `varnishncsa` writes by default; its time is when the request was **received**, in
whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.combined import parse_combined
from collectors.parsers.fields import (
    ByteCount,
    Seconds,
    Status,
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

_CACHE: Final = cache_statuses(hit=("hit",), miss=("miss",))


class _Row(msgspec.Struct, gc=False):
    start_us: ByteCount
    elapsed_us: ByteCount
    status: Status
    body: ByteCount
    method: str
    url: str
    host: str = ""
    content_length: str | int = ""
    content_range: str = ""
    handling: str = ""
    ttfb_s: Seconds | None = None
    client_ip: str = ""
    user_agent: str = ""
    edge: str = ""
    id: str = ""
    internal: str | int = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Varnish sources have no options: the format is ours, or varnishncsa's own."""


def json_parser(options: Options) -> LineParser:
    """The parser of our varnishncsa format."""
    del options
    return _parse_json


def combined_parser(options: Options) -> LineParser:
    """The parser of varnishncsa's default format."""
    del options
    return parse_combined


_rows: Final = JsonLines(_Row)


def _parse_json(line: bytes) -> Record:
    row = _rows.decode(valid_utf8(line))
    first, last, size = content_range(row.content_range)
    length = whole_number(str(row.content_length))
    return Record(
        event_time_ms=(row.start_us + row.elapsed_us) // 1_000,
        status=row.status,
        path=path_of_target(row.url, row.status),
        method=method_of(text(row.method)),
        host=text(row.host),
        body_bytes=row.body,
        object_bytes=length if size is None and row.status == 200 else size,
        aborted=row.method == "GET" and row.status in {200, 206} and length is not None and row.body < length,
        internal=str(row.internal) == "1",
        cache_status=_CACHE[row.handling],
        client_ip=text(row.client_ip),
        user_agent=text(row.user_agent),
        pop=text(row.edge),
        time_to_first_byte_ms=None if row.ttfb_s is None else duration_ms(seconds_to_ms(row.ttfb_s)),
        elapsed_ms=duration_ms(row.elapsed_us // 1_000),
        request_id=text(row.id),
        range_start=first,
        range_end=last,
    )


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=json_parser, framing="json", has_request_id=always),
    "combined": Format(options=Options, parser=combined_parser, framing="lines"),
}
