"""Azure Front Door, category FrontDoorAccessLog: one record of Azure Monitor's envelope a line.

Fields: learn.microsoft.com, "Monitor metrics and logs in Azure Front Door", for Standard/Premium and for classic.
Facts and quirks:

* The page spells names as `HttpStatusCode`, records as `httpStatusCode`, classic mixes (`ErrorInfo`), and others have
  met `socketIP`: names are compared without case. All values are strings, but `isReceivedFromClient` is a boolean.
* Event time: `time` is when the edge delivered the content: the end.
* `timeTaken` and `timeToFirstByte` are milliseconds by the page for Standard/Premium and seconds by the page for
  classic, and real classic records have seconds (`0.384`). The source's option `duration_unit` decides; s by default.
* Classic writes two records for a request that its edge has not cached, the second for the origin shield, with
  `isReceivedFromClient` false: internal. It may have the tracking reference of the viewer's record, so that it gets
  no request id: the two must not be taken for one line sent twice. Standard/Premium writes one record.
* `responseBytes` is the whole response ("bytes sent by the backend server as the response", which for a cache hit
  cannot be meant; that headers are in it is unconfirmed): collectors/parsers/body_estimate.py makes the body of it.
* Ranges are not logged and neither is the object's size: the billing rule bills a 200 in full and a 206 not at all.
* `errorInfo` is `ClientDisconnected` where the viewer left; `httpStatusCode` is 0 where the origin timed out.
* `clientIp` is what an X-Forwarded-For header says, if there is one; `socketIp` is who was connected: it is taken.
* `requestUri` is a whole URL with port and query. `httpVersion` is `2.0.0.0`.
* One event hub may hold other categories (WAF, health probes): `other-log` rejects. Front Door has no sampling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.body_estimate import body_of_total
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import (
    NULLS,
    ByteCount,
    Status,
    duration_ms,
    method_of,
    path_of,
    rfc3339_ms,
)
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import parse_object
from collectors.parsers.urls import host_of

#: In either unit.
_Duration = Annotated[float, Meta(ge=0, lt=1e10)]
_CATEGORY: Final = "frontdooraccesslog"
_CLIENT_LEFT: Final = "ClientDisconnected"
_CACHE: Final = cache_statuses(hit=("HIT", "REMOTE_HIT"), miss=("MISS",))
_MS_OF_UNIT: Final = {"s": 1_000, "ms": 1}


class _Properties(msgspec.Struct, gc=False):
    """The fields that are read; absent is null."""

    httpstatuscode: Status
    responsebytes: ByteCount
    requesturi: str
    httpmethod: str = ""
    httpversion: str = ""
    hostname: str = ""
    trackingreference: str = ""
    useragent: str = ""
    clientip: str = ""
    socketip: str = ""
    timetaken: _Duration | None = None
    timetofirstbyte: _Duration | None = None
    pop: str = ""
    cachestatus: str = ""
    errorinfo: str = ""
    isreceivedfromclient: bool = True


class _Row(msgspec.Struct, gc=False):
    time: str
    properties: _Properties
    category: str = _CATEGORY


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of a source: `duration_unit`, the unit of `timeTaken` and `timeToFirstByte`."""

    duration_unit: Literal["s", "ms"] = "s"


def parser(options: Options) -> LineParser:
    """The parser of access log records whose durations have the configured unit."""
    ms_of_unit = _MS_OF_UNIT[options.duration_unit]

    def parse(line: bytes) -> Record:
        return _record(_row(line), ms_of_unit)

    return parse


def _row(line: bytes) -> _Row:
    fields = _present(parse_object(line))
    if str(fields.get("category", _CATEGORY)).lower() != _CATEGORY:
        raise InvalidLine("other-log", "the record is of another category than FrontDoorAccessLog")
    if isinstance(fields.get("properties"), dict):
        fields["properties"] = _present(fields["properties"])
    try:
        return msgspec.convert(fields, _Row, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidLine("bad-field", str(error)) from None


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not null, by name in lower case."""
    return {name.lower(): value for name, value in fields.items() if not _is_null(value)}


def _is_null(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in NULLS)


def _record(row: _Row, ms_of_unit: int) -> Record:
    fields = row.properties
    from_viewer = fields.isreceivedfromclient
    return Record(
        event_time_ms=rfc3339_ms(row.time),
        status=fields.httpstatuscode,
        path=path_of(fields.requesturi),
        method=method_of(fields.httpmethod),
        host=fields.hostname or host_of(fields.requesturi),
        body_bytes=body_of_total(fields.responsebytes, None, is_http1=not fields.httpversion.startswith(("2", "3"))),
        aborted=fields.errorinfo == _CLIENT_LEFT,
        internal=not from_viewer,
        cache_status=_CACHE[fields.cachestatus],
        client_ip=fields.socketip or fields.clientip,
        user_agent=fields.useragent,
        pop=fields.pop,
        time_to_first_byte_ms=_optional_ms(fields.timetofirstbyte, ms_of_unit),
        elapsed_ms=_optional_ms(fields.timetaken, ms_of_unit),
        request_id=fields.trackingreference if from_viewer else "",
    )


def _optional_ms(value: float | None, ms_of_unit: int) -> int | None:
    return None if value is None else duration_ms(round(value * ms_of_unit))


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="azure-records", has_request_id=always),
}
