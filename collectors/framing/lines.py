"""Text bodies to lines: one entry a line."""

from __future__ import annotations

from typing import Final

_UTF8_BOM: Final = b"\xef\xbb\xbf"


def split_lines(body: bytes) -> list[bytes]:
    """The lines of a body, in order, without their ends (LF or CRLF).

    Lines of nothing but white space are no lines and get no number; a last line needs no end. A byte order mark
    at the start is not part of the first line.
    """
    lines = body.removeprefix(_UTF8_BOM).split(b"\n")
    return [line.rstrip(b"\r") for line in lines if line and not line.isspace()]
