"""CDN77 real-time logs: gzipped files of JSON lines, TSV or CSV in an object-storage bucket, one every 30 seconds.

Delivery: client.cdn77.com/support/knowledgebase/traffic-logs/real-time-logs. The vendor publishes no list of fields;
the JSON names are those of real lines in public repositories of CDN77's customers (January 2026), all of which agree.
Whether TSV and CSV have the same columns in the same order, and whether their files start with a line of names, is
**unconfirmed**: both are options. Facts and quirks, as far as such lines tell:

* `startTimeMs` (and `timestamp`, the same moment) is the start; the event time is that + `requestTimeMs`.
* `responseBytes`: body or total is not known. It is taken for the total (body_estimate.py), which makes no difference
  to a whole response, and to one that was cut off not more than the allowance for headers. The expected body of a 206
  is the length of `responseContentRange`, whose total is the object's size.
* The size of the object of a 200 is not logged: one that was cut off bills whole.
* `clientRequestCompleted` false: the client did not receive the whole response.
* `clientRequestProtocol` is `HTTP11`, `HTTP20`, ... without separators.
* There is no request id: a file that is posted twice makes the same batches, but a line that stands in two files is
  counted twice. `clientIP` may be anonymised by the account's settings.
* Rows of a shield or mid-tier are not known to be logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.body_estimate import body_of_total, range_length
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import (
    ByteCount,
    Status,
    content_range,
    duration_ms,
    method_of,
    path_of,
    text,
)
from collectors.parsers.format import Format
from collectors.parsers.json_lines import JsonLines
from collectors.parsers.named_columns import NamedColumns
from collectors.parsers.text_columns import columns_of
from collectors.parsers.utf8 import valid_utf8

#: The names of the JSON keys in their order, which is taken for the order of columns.
FIELDS: Final = (
    *("timestamp", "startTimeMs", "tcpRTTus", "requestTimeMs", "timeToFirstByteMs", "resourceID", "cacheAge"),
    *("cacheStatus", "clientCountry", "clientIP", "clientPort", "clientASN", "clientRequestAccept"),
    *("clientRequestBytes", "clientRequestCompleted", "clientRequestConnTimeout", "clientRequestContentType"),
    *("clientRequestHost", "clientRequestMethod", "clientRequestPath", "clientRequestProtocol"),
    *("clientRequestRange", "clientRequestReferer", "clientRequestScheme", "clientRequestServerPush"),
    *("clientRequestUserAgent", "clientRequestVia", "clientRequestXForwardedFor", "clientSSLCipher"),
    *("clientSSLFlags", "clientSSLProtocol", "locationID", "serverIP", "serverPort", "responseStatus"),
    *("responseBytes", "responseContentType", "responseContentRange", "responseContentEncoding"),
)
_NEEDED: Final = ("startTimeMs", "responseStatus", "responseBytes", "clientRequestPath", "clientRequestMethod")
_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))


class _Row(msgspec.Struct, gc=False, rename="camel"):
    start_time_ms: ByteCount
    response_status: Status
    response_bytes: ByteCount
    client_request_path: str
    client_request_method: str
    request_time_ms: ByteCount | None = None
    time_to_first_byte_ms: ByteCount | None = None
    cache_status: str = ""
    client_ip: str = msgspec.field(name="clientIP", default="")
    client_request_completed: bool | str = True
    client_request_host: str = ""
    client_request_protocol: str = ""
    client_request_user_agent: str = ""
    location_id: str = msgspec.field(name="locationID", default="")
    response_content_range: str = ""


class JsonOptions(msgspec.Struct, forbid_unknown_fields=True):
    """JSON sources have no options: fields have names."""


class ColumnOptions(msgspec.Struct, forbid_unknown_fields=True):
    """Options of TSV and CSV sources.

    `fields`: the names of the columns, in their order. `header`: whether each file starts with a line of these names;
    it is no log line and is taken off before lines are counted, and a file that starts with another is refused, because
    its columns could be read as the wrong ones.
    """

    fields: Annotated[tuple[str, ...], Meta(min_length=1)] = FIELDS
    header: bool = False

    def __post_init__(self) -> None:
        """Refuse a list that no record can be made of."""
        for name in _NEEDED:
            if name not in self.fields:
                raise ValueError(f"the list of fields has no {name!r}, which billing needs")


def json_parser(options: JsonOptions) -> LineParser:
    """The parser of JSON lines."""
    del options
    return lambda line: _record(_rows.decode(valid_utf8(line)))


def tsv_parser(options: ColumnOptions) -> LineParser:
    """The parser of lines whose columns are parted by tabs."""
    return _column_parser(_tsv_columns, options.fields)


def csv_parser(options: ColumnOptions) -> LineParser:
    """The parser of lines whose columns are parted by commas."""
    return _column_parser(_csv_columns, options.fields)


def tsv_header(options: ColumnOptions) -> Callable[[bytes], bool] | None:
    """Whether a line names the configured columns; None where files have no such line."""
    return partial(_is_header, columns=_tsv_columns, names=options.fields) if options.header else None


def csv_header(options: ColumnOptions) -> Callable[[bytes], bool] | None:
    """Whether a line names the configured columns; None where files have no such line."""
    return partial(_is_header, columns=_csv_columns, names=options.fields) if options.header else None


_rows: Final = JsonLines(_Row)
_Columns = Callable[[bytes], list[str]]
_tsv_columns: Final[_Columns] = partial(columns_of, separator="\t", quote="")
_csv_columns: Final[_Columns] = partial(columns_of, separator=",", quote='"')


def _is_header(line: bytes, *, columns: _Columns, names: tuple[str, ...]) -> bool:
    return tuple(columns(line)) == names


def _column_parser(columns: _Columns, names: tuple[str, ...]) -> LineParser:
    width, rows = len(names), NamedColumns(names, _Row)

    def parse(line: bytes) -> Record:
        values = columns(line)
        if len(values) != width:
            raise InvalidLine("bad-field", f"the line has {len(values)} columns, not {width} as configured")
        return _record(rows.row(values))

    return parse


def _record(row: _Row) -> Record:
    first, last, size = content_range(row.response_content_range)
    elapsed_ms = None if row.request_time_ms is None else duration_ms(row.request_time_ms)
    is_http1 = row.client_request_protocol.startswith("HTTP1") or not text(row.client_request_protocol)
    return Record(
        event_time_ms=row.start_time_ms + (elapsed_ms or 0),
        status=row.response_status,
        path=path_of(text(row.client_request_path)),
        method=method_of(text(row.client_request_method)),
        host=text(row.client_request_host),
        body_bytes=body_of_total(row.response_bytes, range_length(first, last), is_http1=is_http1),
        object_bytes=size,
        aborted=str(row.client_request_completed).lower() in {"false", "0"},
        cache_status=_CACHE[row.cache_status],
        client_ip=text(row.client_ip),
        user_agent=text(row.client_request_user_agent),
        pop=text(row.location_id),
        time_to_first_byte_ms=None if row.time_to_first_byte_ms is None else duration_ms(row.time_to_first_byte_ms),
        elapsed_ms=elapsed_ms,
        range_start=first,
        range_end=last,
    )


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=JsonOptions, parser=json_parser, framing="json"),
    "tsv": Format(options=ColumnOptions, parser=tsv_parser, framing="lines", header=tsv_header),
    "csv": Format(options=ColumnOptions, parser=csv_parser, framing="lines", header=csv_header),
}
