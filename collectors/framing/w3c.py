"""Files in the W3C's extended log file format, as CloudFront puts them into a bucket: lines to JSON objects.

Two lines at the start, `#Version: 1.0` and `#Fields: date time ...`, name the columns; values are parted by tabs, and
names by spaces (AmazonCloudFront developer guide, "Standard logging reference"; W3C working draft WD-logfile). The
names are those of the JSON form of the same logs, so its parser reads what comes out. Files that were written one
behind the other may each have their own columns.
"""

from __future__ import annotations

from typing import Final

import msgspec

from collectors.framing.errors import InvalidBody
from collectors.framing.lines import split_lines

_FIELDS: Final = b"#Fields:"
_DIRECTIVE: Final = b"#"
_encode: Final = msgspec.json.Encoder().encode


def split_w3c(body: bytes) -> list[bytes]:
    """The log lines of a body, each as a JSON object of its columns; directives are no lines and get no number.

    A line with another number of columns, or that is no UTF-8, stays as it is, for the parser to reject. Raises
    InvalidBody where a line comes before its columns are named.
    """
    names: list[str] = []
    lines: list[bytes] = []
    for line in split_lines(body):
        if line.startswith(_FIELDS):
            names = line.removeprefix(_FIELDS).decode(errors="replace").split()
        elif not line.startswith(_DIRECTIVE):
            if not names:
                raise InvalidBody("no line `#Fields:` names the columns before the first log line")
            lines.append(_object(names, line))
    return lines


def _object(names: list[str], line: bytes) -> bytes:
    try:
        return _encode(dict(zip(names, line.decode().split("\t"), strict=True)))
    except ValueError:  # UnicodeDecodeError is one
        return line
