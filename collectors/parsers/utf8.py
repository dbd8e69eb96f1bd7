"""JSON lines whose strings hold whatever octets a viewer sent."""

from __future__ import annotations


def valid_utf8(line: bytes) -> bytes:
    """The line with octets that are not UTF-8 replaced by U+FFFD.

    nginx (`escape=json`) and `varnishncsa -j` write octets above 0x7e as they came. A user agent in another encoding
    must not cost the line, or viewers could choose not to be billed for.
    """
    return line if line.isascii() else line.decode(errors="replace").encode()
