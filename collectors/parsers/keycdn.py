r"""KeyCDN real-time logs through syslog: columns parted by `|`, text in double quotes.

Columns: keycdn.com/support/cdn-log-format, the 19 of 2022 and the 21 of the older page (no TLS version and range, but
country name, city and coordinates). Facts and quirks:

* Event time: epoch seconds with milliseconds. The page does not say of which moment; its samples agree with the CLF
  date beside it, which nginx, whose formats these are, writes at the end of the response: taken for the end.
* Bytes are those sent, **headers included** (the page says "bytes sent for this request"): see body_estimate.py. The
  expected body of a 206 is the length of the requested range, in the column of 19.
* The size of the object is not logged: a 206 bills nothing, and a 200 that was cut off bills whole.
* The syslog header is documented nowhere; its host name is `keycdn`. What stands before the time, such as the token of
  the account's setting or a tag, is not read.
* The client's address ends in 0 (anonymised). There is no request id: a line that is sent again is not recognised.
* A quote inside a text is written `\x22`, as nginx does (unconfirmed); `|` inside quotes is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.body_estimate import body_of_total, range_length
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.escapes import unescaped
from collectors.parsers.fields import ByteCount, EpochSeconds, Status, seconds_to_ms, text, whole_number
from collectors.parsers.format import Format
from collectors.parsers.named_columns import NamedColumns
from collectors.parsers.request_line import request_of
from collectors.parsers.text_columns import columns_of

_COMMON: Final = ("time", "pop", "ip", "status", "bytes", "user", "zone", "alias", "cache", "request", "date")
_NAMES: Final[Mapping[int, tuple[str, ...]]] = {
    19: (*_COMMON, "referrer", "agent", "scheme", "tls", "country", "region", "organisation", "range"),
    21: (
        *(*_COMMON, "referrer", "agent", "scheme", "country", "country-name", "city", "region"),
        *("latitude", "longitude", "organisation"),
    ),
}
_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))
#: Anything without columns of its own, then a space, in front of the first column.
_LEAD: Final = re.compile(rb'[^|"]{0,512} (?=\d{10}\.\d{1,6}\|)')
_RANGE: Final = re.compile(r"bytes=(\d{1,16})-(\d{1,16})", re.ASCII)


class _Row(msgspec.Struct, gc=False):
    time: EpochSeconds
    status: Status
    bytes: ByteCount
    request: str = ""
    pop: str = ""
    ip: str = ""
    alias: str = ""
    cache: str = ""
    agent: str = ""
    range: str = ""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """KeyCDN sources have no options: the number of columns tells the version."""


_ROWS: Final = {width: NamedColumns(names, _Row) for width, names in _NAMES.items()}


def parser(options: Options) -> LineParser:
    """The parser of KeyCDN's lines."""
    del options
    return _parse


def _parse(line: bytes) -> Record:
    lead = _LEAD.match(line)
    columns = columns_of(line[lead.end() :] if lead else line, separator="|", quote='"')
    rows = _ROWS.get(len(columns))
    if rows is None:
        raise InvalidLine("bad-field", f"the line has {len(columns)} columns, neither 19 nor 21")
    row = rows.row(columns)
    request = request_of(row.request, row.status)
    return Record(
        event_time_ms=seconds_to_ms(row.time),
        status=row.status,
        path=request.path,
        method=request.method,
        host=row.alias,
        body_bytes=body_of_total(row.bytes, _expected_body(row), is_http1=request.protocol.startswith("HTTP/1")),
        cache_status=_CACHE[row.cache],
        client_ip=row.ip,
        user_agent=unescaped(text(row.agent)),
        pop=row.pop,
    )


def _expected_body(row: _Row) -> int | None:
    match = _RANGE.fullmatch(row.range)
    if match is None or row.status != 206:
        return None
    return range_length(whole_number(match[1]), whole_number(match[2]))


FORMATS: Final[Mapping[str, Format]] = {
    "pipe": Format(options=Options, parser=parser, framing="lines"),
}
