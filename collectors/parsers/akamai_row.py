"""What a DataStream 2 log line says, whichever of its two formats it came in.

Fields: techdocs.akamai.com/datastream2/v3/docs/data-set-parameters. Facts and quirks:

* Event time: `reqTimeSec` is when the edge accepted the request (the start), in seconds with or without decimals.
  The end is that + `reqEndTimeMSec` (request read) + `turnAroundTimeMSec` (to the first byte sent; starts where
  `reqEndTimeMSec` ends) + `transferTimeMSec` (first to last byte sent); what is not logged counts as 0.
* `bytes` is the response body; "for HTTP/2, this includes overhead bytes", so it can pass the object's size.
  `objSize` is the size of the object; where it is not logged, `rspContentLen` of a 200 stands for it.
* `reqPath` has no query; observed data lacks the leading slash and writes the root as `-`.
* `UA` is URI-encoded, with `+` or `%20` for a space: decoded once. The path stays encoded.
* `-` stands for a value that is missing. A third party's importer also reads `^`, for an empty string (unconfirmed by
  Akamai): a user agent or path of that alone is none.
* `range` is `37334-42356`, without `bytes=` and without a total. Whether it is the range that was asked for or the
  one that was sent is unconfirmed; nothing is billed by it.
* `lastByte` is 0 where the last byte of the object was not served (its exact words are unconfirmed); a 206 may end
  before it and be complete, so only a 200 with 0 is flagged as aborted.
* `statusCode` 0: no response was sent (seen in dashboards of others).
* `isMidgress` (with `collect_midgress`; Terraform page "DataStream migration": 0 client to edge, 1 inside a region,
  2 at a parent): 1 and 2 are internal; their `cliIP` is an Akamai server. The values are documented; the key's
  spelling was found in a customer's report only.
* `reqId` is a short hex number "assigned by the server", which other servers may give as well, those of the same
  request's midgress rows among them. The record's request id is therefore `reqId-edgeIP`.
* Sampling is set in the property's DataStream behaviour; no field tells it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

import msgspec

from collectors.batches.records import Record
from collectors.parsers.fields import (
    ByteCount,
    EpochSeconds,
    Status,
    duration_ms,
    method_of,
    path_of,
    seconds_to_ms,
    text,
    user_agent_of,
    whole_number,
)
from schemas.cdn_logs_pb2 import CacheStatus

#: What may stand for an empty string.
EMPTY: Final = "^"
_UNKNOWN: Final = CacheStatus.CACHE_STATUS_UNSPECIFIED
_CACHE: Final[dict[str | int, CacheStatus]] = {
    "0": CacheStatus.CACHE_STATUS_MISS,
    0: CacheStatus.CACHE_STATUS_MISS,
    "1": CacheStatus.CACHE_STATUS_HIT,
    1: CacheStatus.CACHE_STATUS_HIT,
}


class Row(msgspec.Struct, gc=False, rename="camel"):
    """The fields that are read, by their JSON keys; strings as logged."""

    req_time_sec: EpochSeconds
    status_code: Status
    bytes: ByteCount
    req_path: str = "-"
    req_method: str = ""
    req_host: str = ""
    req_id: str = ""
    cli_ip: str = msgspec.field(name="cliIP", default="")
    edge_ip: str = msgspec.field(name="edgeIP", default="")
    ua: str = msgspec.field(name="UA", default="")
    cache_status: str | int = ""
    range: str = ""
    obj_size: ByteCount | None = None
    rsp_content_len: ByteCount | None = None
    last_byte: str | int = ""
    is_midgress: str | int = ""
    req_end_time_msec: ByteCount | None = msgspec.field(name="reqEndTimeMSec", default=None)
    turn_around_time_msec: ByteCount | None = msgspec.field(name="turnAroundTimeMSec", default=None)
    transfer_time_msec: ByteCount | None = msgspec.field(name="transferTimeMSec", default=None)
    time_to_first_byte: ByteCount | None = None


def record_of(row: Row) -> Record:
    """The record of a row. Raises nothing: a row's types are all that a record needs."""
    elapsed_ms = _elapsed_ms(row)
    first, last = _range(row.range)
    # By position, as every line comes here: see Record.
    return Record(
        seconds_to_ms(row.req_time_sec) + (elapsed_ms or 0),
        row.status_code,
        "/" if row.req_path == EMPTY else path_of(text(row.req_path) or "/"),
        method_of(text(row.req_method)),
        text(row.req_host),
        row.bytes,
        row.rsp_content_len if row.obj_size is None and row.status_code == 200 else row.obj_size,
        row.status_code == 200 and str(row.last_byte) == "0",
        str(row.is_midgress) in {"1", "2"},
        _CACHE.get(row.cache_status, _UNKNOWN),
        text(row.cli_ip),
        user_agent_of(row.ua, _decoded),
        text(row.edge_ip),
        None if row.time_to_first_byte is None else duration_ms(row.time_to_first_byte),
        elapsed_ms,
        f"{row.req_id}-{row.edge_ip}" if text(row.req_id) else "",
        first,
        last,
    )


def _elapsed_ms(row: Row) -> int | None:
    parts = (row.req_end_time_msec, row.turn_around_time_msec, row.transfer_time_msec)
    logged = [part for part in parts if part is not None]
    return duration_ms(sum(logged)) if logged else None


def _decoded(user_agent: str) -> str:
    return "" if user_agent == EMPTY else unquote_plus(user_agent)


def _range(value: str) -> tuple[int | None, int | None]:
    if not value:
        return None, None
    first, _, last = value.partition("-")
    start, end = whole_number(first), whole_number(last)
    return (None, None) if start is None or end is None else (start, end)
