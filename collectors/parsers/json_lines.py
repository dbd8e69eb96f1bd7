"""Decoding one JSON line into a typed row, fast where the vendor keeps to its types, lenient where not."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from collectors.batches.records import InvalidLine
from collectors.parsers.fields import NULLS

Row = TypeVar("Row", bound=msgspec.Struct)


class JsonLines(Generic[Row]):
    """Decoder of JSON objects, one a line.

    Numbers may come as strings (Akamai always, Sumo's Fastly format string, ...). A line whose types do not fit
    is decoded once more with all nulls (`-`, "", `(null)`, ...) left out, so that the common line pays nothing
    for the rare one.
    """

    def __init__(self, row: type[Row]) -> None:
        self._row = row
        self._decoder = msgspec.json.Decoder(row, strict=False)

    def decode(self, line: bytes) -> Row:
        """The row of a line. Raises InvalidLine `bad-json` or `bad-field`."""
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError:
            return self._decode_without_nulls(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidLine("bad-json", "the line is not JSON") from None

    def _decode_without_nulls(self, line: bytes) -> Row:
        try:
            return msgspec.convert(_present_fields(line), self._row, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidLine("bad-field", str(error)) from None


def _present_fields(line: bytes) -> dict[str, Any]:
    fields = parse_object(line)
    return {name: value for name, value in fields.items() if not _is_null(value)}


def parse_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line. Raises InvalidLine."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidLine("bad-json", "the line is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidLine("bad-json", "the line is no JSON object")
    return value


def _is_null(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in NULLS)
