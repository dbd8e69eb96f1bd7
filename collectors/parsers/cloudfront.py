"""Amazon CloudFront: standard logs v2 as JSON, and real-time logs as tab-separated lines; both through Firehose.

Fields: AmazonCloudFront developer guide, pages "Standard logging reference" and "Use real-time logs".
Facts and quirks:

* Event time is when the edge finished responding: `timestamp(ms)` (standard v2, optional), `timestamp` (real-time:
  seconds with decimals in observed lines, unit not documented), else `date` + `time` (UTC, whole seconds).
* `sc-bytes` is the total **with headers**, and there is no body field: see body_estimate.py. The expected body is the
  range's length, else `sc-content-len`.
* `sc-content-len` of a 200 is the object's size. For a 206 the log has first and last byte of Content-Range but not
  its total, and `sc-content-len` is the length of the part: nothing in the line tells how much of the object that
  is, not even whether the last byte sent is the object's last. The size stays unknown, rather than guessed.
* `sc-status` 000: the viewer closed before any answer; when it closes later, the status that was started stays.
* The viewer left in mid-transfer: `x-edge-result-type` is `Error` while `sc-status` is 200 or
  `x-edge-response-result-type` is no `Error` (page "Use real-time logs"), or `x-edge-detailed-result-type` is
  `ClientCommError`.
* The viewer's Host is `x-host-header` in standard logs and `cs-host` in real-time logs, where `x-host-header` is
  the distribution's domain: the two are swapped between the variants.
* `cs-uri-stem` has no query in standard logs, and has it in real-time logs.
* `-` is null; values are URL-encoded by RFC 1738, `%` included: a path that the viewer encoded comes encoded twice
  (`%2520`; seen in the wild for v2, unconfirmed for real-time). `%25` is turned back into `%`; nothing else of a path
  is decoded. The user agent is decoded once.
* JSON values may be strings or numbers (unconfirmed by the vendor's pages): both are read.
* Real-time lines have no names: the source's option `fields` repeats the configured list. CloudFront writes the fields
  in its own order, whatever order they were chosen in; `get-realtime-log-config` answers with it.
* Every line is a viewer's request. Requests to Origin Shield, to the origin, or between edge caches are not logged, so
  nothing is internal. `sampling-rate` is a setting of real-time logs; no field tells it.
* One Firehose record holds one line or several (unconfirmed which): each is split again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Final
from urllib.parse import unquote

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.body_estimate import body_of_total, range_length
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import NULLS, duration_ms, method_of, path_of, text, user_agent_of
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines

_Value = str | int | float | None
_MAX_NUMBER: Final = 2**53
_MAX_STATUS: Final = 999
_CACHE: Final = cache_statuses(hit=("Hit", "OriginShieldHit"), miss=("Miss",))


class _Row(msgspec.Struct, gc=False):
    """The fields that are read, by their names in both variants; whatever the type, for null rule and `000`."""

    sc_status: _Value = msgspec.field(name="sc-status", default=None)
    sc_bytes: _Value = msgspec.field(name="sc-bytes", default=None)
    uri: str = msgspec.field(name="cs-uri-stem", default="")
    timestamp_ms: _Value = msgspec.field(name="timestamp(ms)", default=None)
    timestamp: _Value = None
    date: str = ""
    time: str = ""
    time_taken: _Value = msgspec.field(name="time-taken", default=None)
    first_byte: _Value = msgspec.field(name="time-to-first-byte", default=None)
    method: str = msgspec.field(name="cs-method", default="")
    viewer_host: str | None = msgspec.field(name="cs-host", default=None)
    x_host: str | None = msgspec.field(name="x-host-header", default=None)
    domain: str | None = msgspec.field(name="cs(Host)", default=None)
    protocol: str = msgspec.field(name="cs-protocol-version", default="")
    content_length: _Value = msgspec.field(name="sc-content-len", default=None)
    range_start: _Value = msgspec.field(name="sc-range-start", default=None)
    range_end: _Value = msgspec.field(name="sc-range-end", default=None)
    result: str = msgspec.field(name="x-edge-result-type", default="")
    response_result: str = msgspec.field(name="x-edge-response-result-type", default="")
    detailed_result: str = msgspec.field(name="x-edge-detailed-result-type", default="")
    client_ip: str = msgspec.field(name="c-ip", default="")
    user_agent: str = msgspec.field(name="cs(User-Agent)", default="")
    # The real-time list spells it so.
    user_agent_rt: str = msgspec.field(name="cs-user-agent", default="")
    location: str = msgspec.field(name="x-edge-location", default="")
    request_id: str = msgspec.field(name="x-edge-request-id", default="")


_COLUMNS: Final = msgspec.structs.fields(_Row)


class JsonOptions(msgspec.Struct, forbid_unknown_fields=True):
    """Standard v2 JSON sources have no options: fields have names."""


class TabOptions(msgspec.Struct, forbid_unknown_fields=True):
    """Options of a real-time source: `fields`, the configured list of field names, in its order."""

    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a list that no record can be made of."""
        for name in ("timestamp", "sc-status", "sc-bytes", "cs-uri-stem", "cs-method"):
            if name not in self.fields:
                raise ValueError(f"the list of fields has no {name!r}, which billing needs")


def _logs_request_id(options: TabOptions) -> bool:
    return "x-edge-request-id" in options.fields


def json_parser(options: JsonOptions) -> LineParser:
    """The parser of standard v2 lines with `outputFormat` json."""
    del options
    return _parse_json


def tab_parser(options: TabOptions) -> LineParser:
    """The parser of real-time lines with the configured fields."""
    width = len(options.fields)
    # A field that is not configured reads the "-" that is appended to every line.
    indexes = [_index(options.fields, column.encode_name) for column in _COLUMNS]
    pick = itemgetter(*indexes)

    def parse(line: bytes) -> Record:
        columns = _decode(line).split("\t")
        if len(columns) != width:
            raise InvalidLine("bad-field", f"the line has {len(columns)} columns, the source declares {width}")
        columns.append("-")
        return _record(_Row(*pick(columns)))

    return parse


def _index(fields: Sequence[str], name: str) -> int:
    return fields.index(name) if name in fields else -1


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise InvalidLine("bad-encoding", "the line is not UTF-8") from None


_rows: Final = JsonLines(_Row)


def _parse_json(line: bytes) -> Record:
    return _record(_rows.decode(line))


def _record(row: _Row) -> Record:
    status = _status(row)
    first, last = _integer(row.range_start), _integer(row.range_end)
    length = _integer(row.content_length)
    return Record(
        event_time_ms=_event_time_ms(row),
        status=status,
        path=path_of(text(row.uri).replace("%25", "%")),
        method=method_of(text(row.method)),
        host=text(row.viewer_host or "") or text(row.x_host or "") or text(row.domain or ""),
        body_bytes=_body_bytes(row, _expected_body(first, last, length)),
        object_bytes=length if status == 200 else None,
        aborted=_is_aborted(row, status),
        cache_status=_CACHE[row.result],
        client_ip=text(row.client_ip),
        user_agent=user_agent_of(text(row.user_agent) or text(row.user_agent_rt), unquote),
        pop=text(row.location),
        time_to_first_byte_ms=_milliseconds(row.first_byte),
        elapsed_ms=_milliseconds(row.time_taken),
        request_id=text(row.request_id),
        range_start=first,
        range_end=last,
    )


def _status(row: _Row) -> int:
    status = _required(row.sc_status, "sc-status")
    if status > _MAX_STATUS:
        raise InvalidLine("bad-field", "sc-status has more than three digits")
    return status


def _event_time_ms(row: _Row) -> int:
    if row.timestamp_ms is not None and row.timestamp_ms not in NULLS:
        return _required(row.timestamp_ms, "timestamp(ms)")
    if row.timestamp is not None and row.timestamp not in NULLS:
        seconds = _number(row.timestamp)
        if not 0 <= seconds < 1e10:
            raise InvalidLine("bad-field", "timestamp is not in seconds since the epoch")
        return round(seconds * 1_000)
    return _utc_ms(row.date, row.time)


@lru_cache(maxsize=4_096)
def _utc_ms(date: str, time: str) -> int:
    try:
        moment = datetime.strptime(f"{date} {time} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise InvalidLine("bad-field", "date and time are not YYYY-MM-DD and HH:MM:SS") from None
    return round(moment.timestamp() * 1_000)


def _expected_body(first: int | None, last: int | None, length: int | None) -> int | None:
    in_range = range_length(first, last)
    return length if in_range is None else in_range


def _body_bytes(row: _Row, expected: int | None) -> int:
    is_http1 = row.protocol.startswith("HTTP/1") or not text(row.protocol)
    return body_of_total(_required(row.sc_bytes, "sc-bytes"), expected, is_http1=is_http1)


def _is_aborted(row: _Row, status: int) -> bool:
    was_answered = status == 200 or row.response_result not in {"Error", "-", ""}
    return status == 0 or (row.result == "Error" and was_answered) or row.detailed_result == "ClientCommError"


def _number(value: _Value) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # None is what the except clause is for
    except (TypeError, ValueError, OverflowError):
        raise InvalidLine("bad-field", "a numeric field holds no number") from None
    if not 0 <= number <= _MAX_NUMBER:
        raise InvalidLine("bad-field", "a numeric field is out of range")
    return number


def _integer(value: _Value) -> int | None:
    if value is None or value in NULLS:
        return None
    number = _number(value)
    if not number.is_integer():
        raise InvalidLine("bad-field", "a whole number has decimals")
    return int(number)


def _required(value: _Value, name: str) -> int:
    number = _integer(value)
    if number is None:
        raise InvalidLine("bad-field", f"the line has no {name}")
    return number


def _milliseconds(value: _Value) -> int | None:
    return None if value is None or value in NULLS else duration_ms(round(_number(value) * 1_000))


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=JsonOptions, parser=json_parser, framing="firehose-json", has_request_id=always),
    "tab": Format(options=TabOptions, parser=tab_parser, framing="firehose-lines", has_request_id=_logs_request_id),
}
