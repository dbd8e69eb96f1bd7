"""Rows of a text format from its columns and the names that the source gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from collectors.parsers.fields import NULLS
from collectors.records import InvalidLine

Row = TypeVar("Row", bound=msgspec.Struct)


def row_of(columns: Sequence[str], names: Sequence[str], row: type[Row]) -> Row:
    """The row whose fields are the columns of those names; nulls count as missing, other columns are not read.

    Fewer columns than names, or more: what pairs up is read, so a format that must not have another number of columns
    checks it before. Raises InvalidLine.
    """
    present = {name: value for name, value in zip(names, columns, strict=False) if value not in NULLS}
    try:
        return msgspec.convert(present, row, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidLine("bad-field", str(error)) from None
