"""Columns of a text line: any separator, quotes that may hold it, quotes doubled inside (RFC 4180).

Octets that are not UTF-8 come from viewers (user agents, URLs); they become U+FFFD and cost no line.
"""

from __future__ import annotations

import csv

from collectors.batches.records import InvalidLine


def columns_of(line: bytes, *, separator: str, quote: str) -> list[str]:
    """The columns of a line. `quote` is one character, or "" where none is special. Raises InvalidLine."""
    text = line.decode(errors="replace")
    if not quote:
        return text.split(separator)
    try:
        columns = next(csv.reader([text], delimiter=separator, quotechar=quote), [])
    except csv.Error:
        raise InvalidLine("bad-field", "the line is no row of columns") from None
    return columns
