"""Rows of a text format from its columns and the names that the source gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from collectors.batches.records import InvalidLine
from collectors.parsers.fields import NULLS

Row = TypeVar("Row", bound=msgspec.Struct)


class NamedColumns(Generic[Row]):
    """Reads columns by their names into a typed row; nulls count as missing, names that the row lacks are skipped."""

    def __init__(self, names: Sequence[str], row: type[Row]) -> None:
        self._row = row
        wanted = {field.encode_name for field in msgspec.structs.fields(row)}
        self._places = [(name, place) for place, name in enumerate(names) if name in wanted]

    def row(self, columns: Sequence[str]) -> Row:
        """The row of a line that has at least as many columns as there are names. Raises InvalidLine `bad-field`."""
        present = {name: columns[place] for name, place in self._places if columns[place] not in NULLS}
        try:
            return msgspec.convert(present, self._row, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidLine("bad-field", str(error)) from None
