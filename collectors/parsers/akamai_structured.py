"""Akamai DataStream 2 in its structured log format: the stream's fields in its order, between spaces or tabs.

Source: techdocs.akamai.com/datastream2/v3/docs/log-format-1. What the fields mean stands in akamai_row.py. Facts:

* Lines have no names. "The order in which you place these determines the order in which they appear in log files"
  (page "Data sets"), with the log format's version before them: the source's option `fields` repeats that list,
  `version` first, by JSON keys. The documented sample has the stream's id second; whether it stands there when field
  999 was not chosen is unconfirmed, so our stream chooses it first.
* A missing value is `-`. White space inside a value is percent-encoded, so a delimiter never stands in one.
* A line of another width is rejected: fields were added to the stream, or the order here is another one. Two fields
  that were swapped cannot be seen, as long as both are numbers: copy the order, do not retype it.
* The sample request of "Validate & Save" is not documented: see `is_probe`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.parsers.akamai_row import EMPTY, Row, record_of
from collectors.parsers.fields import NULLS
from collectors.parsers.format import Format

#: What no record can be made without, and `reqMethod`, without which a HEAD would be billed.
_REQUIRED: Final = ("reqTimeSec", "statusCode", "bytes", "reqPath", "reqMethod")
_DELIMITERS: Final = {"space": " ", "tab": "\t"}
_MISSING: Final = NULLS | {EMPTY}
_NAMES: Final = frozenset(field.encode_name for field in msgspec.structs.fields(Row))
#: A sample request is small.
PROBE_MAX_BYTES: Final = 4_096
#: A column of epoch seconds, which every line that we can read has.
_EPOCH_SECONDS: Final = re.compile(rb"(?:^|[ \t])\d{10}(?:\.\d+)?(?:[ \t\r\n]|$)", re.MULTILINE)


class Options(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Options of a structured source: `fields`, the stream's list by JSON keys in its order, and its `delimiter`."""

    fields: Annotated[tuple[str, ...], Meta(min_length=1)]
    delimiter: Literal["space", "tab"] = "space"

    def __post_init__(self) -> None:
        """Refuse a list that no record can be made of."""
        for name in _REQUIRED:
            if name not in self.fields:
                raise ValueError(f"the list of fields has no {name!r}, which billing needs")
        name, count = Counter(self.fields).most_common(1)[0]
        if count > 1:
            raise ValueError(f"the list of fields has {name!r} twice")


def parser(options: Options) -> LineParser:
    """The parser of lines with the configured fields."""
    delimiter, width = _DELIMITERS[options.delimiter], len(options.fields)
    columns = [(name, index) for index, name in enumerate(options.fields) if name in _NAMES]

    def parse(line: bytes) -> Record:
        values = _decode(line).split(delimiter)
        if len(values) != width:
            raise InvalidLine("bad-field", f"the line has {len(values)} columns, the source declares {width}")
        return record_of(_row(columns, values))

    return parse


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise InvalidLine("bad-encoding", "the line is not UTF-8") from None


def _row(columns: Sequence[tuple[str, int]], values: Sequence[str]) -> Row:
    fields = {name: values[index] for name, index in columns if values[index] not in _MISSING}
    try:
        return msgspec.convert(fields, Row, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidLine("bad-field", str(error)) from None


def is_probe(body: bytes) -> bool:
    """Whether a body is the sample request of "Validate & Save": small, and without any time in seconds."""
    return len(body) <= PROBE_MAX_BYTES and _EPOCH_SECONDS.search(body) is None


def _logs_request_id(options: Options) -> bool:
    return "reqId" in options.fields and "edgeIP" in options.fields


FORMAT: Final = Format(
    options=Options, parser=parser, framing="lines", is_probe=is_probe, has_request_id=_logs_request_id
)
