"""JSON lines of any other origin, with a mapping of their field names in the source's options.

For self-run edges and CDNs without a parser of their own; generic.options.yaml shows every option. What a field means
is what `Record` means; every field but `status`, `body_bytes`, `method`, one of `path` and `url`, and one of `end_time`
and `start_time` may be left out. (A request that is not known to be a GET bills nothing.)

* Event time: `end_time`; else `start_time` + `elapsed`; else `start_time`.
* Size of the object: `object_bytes`, else the total of `content_range`.
* `sample_rate`: for origins that write down what part of the requests they log. Anything but 1 is rejected as
  `sampled`: a bill counts every request. 100 is not taken for per cent.
* `internal`: shield, fill and sub-requests, where the origin flags them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.cache_status import cache_statuses
from collectors.parsers.fields import (
    NULLS,
    ByteCount,
    Status,
    content_range,
    duration_ms,
    method_of,
    path_of,
    rfc3339_ms,
)
from collectors.parsers.format import Format
from collectors.parsers.json_lines import parse_object

TimeUnit = Literal["s", "ms", "us", "ns", "rfc3339"]
_Key = Annotated[str, Meta(min_length=1)]
_CACHE: Final = cache_statuses(hit=("hit",), miss=("miss",))


class Fields(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Names of the JSON keys, by what they hold."""

    status: _Key
    body_bytes: _Key
    method: _Key
    path: _Key | None = None
    url: _Key | None = None
    end_time: _Key | None = None
    start_time: _Key | None = None
    elapsed: _Key | None = None
    time_to_first_byte: _Key | None = None
    host: _Key | None = None
    object_bytes: _Key | None = None
    content_range: _Key | None = None
    client_ip: _Key | None = None
    user_agent: _Key | None = None
    pop: _Key | None = None
    request_id: _Key | None = None
    cache_status: _Key | None = None
    aborted: _Key | None = None
    internal: _Key | None = None
    sample_rate: _Key | None = None

    def __post_init__(self) -> None:
        """Refuse a mapping that no record can be made of."""
        if self.path is None and self.url is None:
            raise ValueError("one of path and url must be mapped")
        if self.end_time is None and self.start_time is None:
            raise ValueError("one of end_time and start_time must be mapped")


class Options(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Options of a generic source: the mapping, and the units of its times and durations."""

    fields: Fields
    time_unit: TimeUnit = "ms"
    duration_unit: Literal["s", "ms", "us"] = "ms"


_MS_PER_UNIT: Final[Mapping[str, float]] = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}


def parser(options: Options) -> LineParser:
    """The parser of JSON lines with the mapped field names."""
    names, epoch_ms = options.fields, _clock(options.time_unit)
    ms_per_unit = _MS_PER_UNIT[options.duration_unit]

    def parse(line: bytes) -> Record:
        line_fields = _Line(parse_object(line))
        _refuse_sampled(line_fields, names.sample_rate)
        elapsed_ms = line_fields.duration(names.elapsed, ms_per_unit)
        first, last, size = content_range(line_fields.text(names.content_range))
        logged_size = line_fields.integer(names.object_bytes)
        return Record(
            event_time_ms=_event_time_ms(line_fields, names, epoch_ms, elapsed_ms),
            status=_required(line_fields.integer(names.status, _STATUS), names.status),
            path=path_of(line_fields.text(names.path) or line_fields.text(names.url)),
            method=method_of(line_fields.text(names.method)),
            host=line_fields.text(names.host),
            body_bytes=_required(line_fields.integer(names.body_bytes), names.body_bytes),
            object_bytes=size if logged_size is None else logged_size,
            aborted=line_fields.flag(names.aborted),
            internal=line_fields.flag(names.internal),
            cache_status=_CACHE[line_fields.text(names.cache_status).lower()],
            client_ip=line_fields.text(names.client_ip),
            user_agent=line_fields.text(names.user_agent),
            pop=line_fields.text(names.pop),
            time_to_first_byte_ms=line_fields.duration(names.time_to_first_byte, ms_per_unit),
            elapsed_ms=elapsed_ms,
            request_id=line_fields.text(names.request_id),
            range_start=first,
            range_end=last,
        )

    return parse


_STATUS: Final = Status
_TRUE: Final = frozenset({True, "1", "true", "True"})
_FALSE: Final = frozenset({False, "0", "false", "False", None})


class _Line:
    """The fields of one line, read by key with the null rule. A key of None is a field that is not mapped."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def value(self, key: str | None) -> Any:  # JSON
        value = None if key is None else self._fields.get(key)
        return None if isinstance(value, str) and value in NULLS else value

    def text(self, key: str | None) -> str:
        value = self.value(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise InvalidLine("bad-field", f"field {key!r} is no text")

    def integer(self, key: str | None, kind: Any = ByteCount) -> int | None:  # annotated type
        value = self.value(key)
        return None if value is None else int(_convert(value, kind, key))

    def duration(self, key: str | None, ms_per_unit: float) -> int | None:
        value = self.value(key)
        return None if value is None else duration_ms(round(_convert(value, _NUMBER, key) * ms_per_unit))

    def flag(self, key: str | None) -> bool:
        value = self.value(key)
        if not isinstance(value, bool | int | str | None) or (value not in _TRUE and value not in _FALSE):
            raise InvalidLine("bad-field", f"field {key!r} is no truth value")
        return value in _TRUE


_NUMBER: Final = Annotated[float, Meta(ge=0, lt=2**63)]


def _convert(value: object, kind: Any, key: str | None) -> float:  # annotated type
    try:
        return msgspec.convert(value, kind, strict=False)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise InvalidLine("bad-field", f"field {key!r}: {error}") from None


def _clock(unit: TimeUnit) -> Callable[[object, str | None], int]:
    if unit == "rfc3339":
        return _rfc3339
    ms_per_unit = _MS_PER_UNIT[unit]
    return lambda value, key: round(_convert(value, _NUMBER, key) * ms_per_unit)


def _rfc3339(value: object, key: str | None) -> int:
    if not isinstance(value, str):
        raise InvalidLine("bad-field", f"field {key!r} is no RFC 3339 time")
    return rfc3339_ms(value)


def _refuse_sampled(line: _Line, key: str | None) -> None:
    rate = line.value(key)
    if rate is not None and _convert(rate, _NUMBER, key) != 1:
        raise InvalidLine("sampled", "the line stands for more requests than itself; log every request")


def _event_time_ms(
    line: _Line, names: Fields, epoch_ms: Callable[[object, str | None], int], elapsed_ms: int | None
) -> int:
    end = line.value(names.end_time)
    if end is not None:
        return epoch_ms(end, names.end_time)
    start = line.value(names.start_time)
    if start is None:
        raise InvalidLine("bad-field", "the line has neither of the mapped times")
    return epoch_ms(start, names.start_time) + (elapsed_ms or 0)


def _required(value: int | None, key: str) -> int:
    if value is None:
        raise InvalidLine("bad-field", f"field {key!r} is missing")
    return value


def _maps_request_id(options: Options) -> bool:
    return options.fields.request_id is not None


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="json", has_request_id=_maps_request_id),
}
