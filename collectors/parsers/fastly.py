r"""Fastly real-time log streaming: JSON lines in the format string that we publish, fastly.log-format.txt.

Fastly has no fixed schema, the customer pastes a format string, so this parser reads ours and refuses lines of
another version. Keys, with the VCL that fills them (fastly.com/documentation/reference/vcl/variables):

=============  =====================================================================================
`v`            1, the version of the format string
`id`           `uuid.version4()`: drawn as the line is written, so a line that is sent again keeps it.
               Fastly has no request id of its own
`ts_ms`        `time.start.msec`, start of the request
`end_ms`       `time.end.msec`, end of the response (`vcl_log` runs after it): the event time
`elapsed_us`   `time.elapsed.usec`; where `end_ms` is missing, the event time is `ts_ms` + this
`ttfb`         `time.to_first_byte`: an RTIME, printed as seconds with three decimals
`edge`         1 where `fastly.ff.visits_this_service == 0` (Fastly's own default format: `fastly_is_edge`).
               With shielding `vcl_log` runs on the shield as well ("may result in double logging", page
               "vcl_log"), so one view is logged twice: rows with 0 are internal
`inner`        `segmented_caching.is_inner_req`: with segmented caching one request runs `vcl_log` once for
               each segment of the object and once for the whole (page "Segmented caching"): rows with 1 are
               internal
`method`, `host`, `url`, `ua`, `ip`   as requested; `url` is `req.url`, which has the query
`status`       `resp.status`
`body`         `resp.body_bytes_written`: body bytes, without headers
`clen`         `resp.http.Content-Length`, or null; the object size of a 200
`crange`       `resp.http.Content-Range`; its total is the object size
`done`         `resp.completed`: 0 where the edge has not written the whole response. Written is not received:
               "some of the response may still be buffered or in transit" (page "resp.completed")
`cache`        `fastly_info.state`: HIT, MISS, PASS, ... with suffixes such as HIT-CLUSTER
`pop`          `server.datacenter`
=============  =====================================================================================

Quirks: an unset VCL string prints as `(null)` or as nothing (unconfirmed which: both are read); a format string may
quote every number; `cstr_escape()` makes `\xHH`, which is not JSON and is rejected (hence `json.escape()`). Sampling
is a condition on the logging endpoint (`randombool`), which no field can tell. How often Fastly tries again, and
whether a batch that it repeats is the same bytes, is not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import (
    ByteCount,
    Seconds,
    Status,
    content_range,
    duration_ms,
    method_of,
    path_of,
    seconds_to_ms,
    text,
)
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines

FORMAT_VERSION: Final = 1
_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))


class _Row(msgspec.Struct, gc=False, kw_only=True):
    """In the order of our format string, in which keys are found at once; any other order is read as well."""

    v: int
    id: str = ""
    ts_ms: ByteCount | None = None
    end_ms: ByteCount | None = None
    elapsed_us: ByteCount | None = None
    ttfb: Seconds | None = None
    edge: bool | int = 1
    inner: bool | int = 0
    method: str = ""
    host: str = ""
    url: str
    status: Status
    body: ByteCount
    clen: ByteCount | None = None
    crange: str = ""
    done: bool | int = 1
    cache: str = ""
    pop: str = ""
    ip: str = ""
    ua: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Fastly sources have no options: the format string is ours."""


def parser(options: Options) -> LineParser:
    """The parser of our Fastly format string."""
    del options
    return _parse


_rows: Final = JsonLines(_Row)


def _parse(line: bytes) -> Record:
    row = _rows.decode(line)
    if row.v != FORMAT_VERSION:
        raise InvalidLine("bad-field", f"the format string has version {row.v}, not {FORMAT_VERSION}")
    first, last, size = content_range(row.crange) if row.crange else (None, None, None)
    elapsed_ms = _elapsed_ms(row)
    # By position, as every line comes here: see Record.
    return Record(
        _event_time_ms(row, elapsed_ms),
        row.status,
        path_of(text(row.url)),
        method_of(text(row.method)),
        text(row.host),
        row.body,
        row.clen if size is None and row.status == 200 else size,
        not row.done,
        not row.edge or bool(row.inner),
        _CACHE[row.cache.partition("-")[0]],
        text(row.ip),
        text(row.ua),
        text(row.pop),
        None if row.ttfb is None else seconds_to_ms(row.ttfb),
        elapsed_ms,
        text(row.id),
        first,
        last,
    )


def _elapsed_ms(row: _Row) -> int | None:
    if row.elapsed_us is not None:
        return duration_ms(row.elapsed_us // 1_000)
    if row.end_ms is None or row.ts_ms is None:
        return None
    return duration_ms(row.end_ms - row.ts_ms)


def _event_time_ms(row: _Row, elapsed_ms: int | None) -> int:
    if row.end_ms is not None:
        return row.end_ms
    if row.ts_ms is None:
        raise InvalidLine("bad-field", "the line has neither end_ms nor ts_ms")
    return row.ts_ms + (elapsed_ms or 0)


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="json", has_request_id=always),
}
