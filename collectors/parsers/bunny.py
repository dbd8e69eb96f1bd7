"""Bunny.net CDN log forwarding (syslog, RFC 5424), log format "plain": 12 fields parted by `|`, or the extended 15.

Fields: docs.bunny.net/docs/cdn-log-format and docs.bunny.net/cdn/logging/forwarding. Facts and quirks:

* Event time: epoch milliseconds of when the request was completed: the end.
* Bytes sent are the total, headers included: see body_estimate.py (the protocol is not logged, so the allowance is that
  of HTTP/1). Extended logging, which support switches on, has the body's bytes, the requested range and the
  Authorization header (not read).
* **There is no method.** Every line counts as a GET; an answer without a body (HEAD, a preflight) is within the
  allowance for headers and bills nothing.
* The size of the object is not logged: a 206 bills nothing, and a 200 that was cut off bills whole. Status 499 is a
  client that left, which bills nothing.
* The message starts with a byte order mark, which the syslog listener removes (RFC 5424 section 6.4).
* `|` is legal in referers, URLs and user agents, and not escaped: the first six fields and the last two (or five) are
  cut from the ends. Between them stand referer, URL, edge location and user agent: every reading in which a URL is
  followed by a location is tried, and a line whose readings disagree on what was asked for is rejected (`ambiguous`)
  rather than guessed at, because referer and user agent are the viewer's choice.
* Addresses are anonymised unless a data processing agreement is signed; `0.0.0.0` and `::` stand for none.
* The request id is 32 hexadecimal digits, "useful to prevent duplicate request processing".
* Log format "JSON": the names of its keys are published nowhere (looked for in the vendor's pages, its Terraform
  provider and public code). Choose "plain", or map the names that you see with the cdn `generic`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.body_estimate import body_of_total
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import path_of, text, whole_number
from collectors.parsers.format import Format, always
from collectors.parsers.urls import host_of
from schemas.cdn_logs_pb2 import Method

#: Cache status, status, time, bytes, pull zone, address | ... | request id, country [| body bytes, range, credentials].
_LINE: Final = re.compile(
    r"([A-Z]{0,16}|-)\|(\d{1,3})\|(\d{13})\|(\d{1,16})\|\d*\|([0-9A-Fa-f.:]*+|-)\|"
    r"(.*)\|([0-9a-f-]{32,36})\|(?:[A-Z]{2}|-?)(?:\|(\d{1,16}|-)\|[^|]*\|[^|]*)?",
    re.ASCII | re.DOTALL,
)
_LOCATION: Final = re.compile(r"[A-Z]{2,4}\d{0,3}", re.ASCII)
_URL_STARTS: Final = ("https://", "http://")
#: More parts than a real line has; readings grow with the square.
_MAX_PARTS: Final = 16
_GET: Final = Method.METHOD_GET
_NO_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - an address in a log, nothing listens
_CACHE: Final = cache_statuses(hit=("HIT",), miss=("MISS",))


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Bunny sources have no options: extended logging is recognised by its fields."""


class _Reading(NamedTuple):
    host: str
    path: str
    location: str
    user_agent: str


def parser(options: Options) -> LineParser:
    """The parser of Bunny's plain lines."""
    del options
    return _parse


def _parse(line: bytes) -> Record:
    match = _LINE.fullmatch(line.decode(errors="replace"))
    if match is None:
        raise InvalidLine("bad-field", "the line is none of Bunny's plain log format")
    cache, status, completed_ms, total, client_ip, middle, request_id, body = match.groups()
    asked = _reading(middle)
    logged_body = whole_number(body or "")
    return Record(
        event_time_ms=int(completed_ms),
        status=int(status),
        path=asked.path,
        method=_GET,
        host=asked.host,
        body_bytes=body_of_total(int(total), None, is_http1=True) if logged_body is None else logged_body,
        cache_status=_CACHE[cache],
        client_ip="" if client_ip in _NO_ADDRESS else text(client_ip),
        user_agent=asked.user_agent,
        pop=asked.location,
        request_id=request_id,
    )


def _reading(middle: str) -> _Reading:
    parts = middle.split("|")
    if len(parts) > _MAX_PARTS:
        raise InvalidLine("ambiguous", "referer, URL and user agent hold too many separators")
    readings = list(_readings(parts))
    if not readings:
        raise InvalidLine("bad-field", "the line has no URL that an edge location follows")
    if len({(reading.host, reading.path) for reading in readings}) > 1:
        raise InvalidLine("ambiguous", "the line can be read as requests for different URLs")
    return readings[0]


def _readings(parts: list[str]) -> Iterator[_Reading]:
    """Every way to part the text into referer, URL, location and user agent."""
    for end in range(2, len(parts) - 1):
        if not _LOCATION.fullmatch(parts[end]):
            continue
        for start in range(1, end):
            if parts[start].startswith(_URL_STARTS):
                url = "|".join(parts[start:end])
                yield _Reading(host_of(url), path_of(url), parts[end], text("|".join(parts[end + 1 :])))


FORMATS: Final[Mapping[str, Format]] = {
    "plain": Format(options=Options, parser=parser, framing="lines", has_request_id=always),
}
