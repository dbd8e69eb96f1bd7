"""JSON bodies to one object a line: NDJSON, one array, or objects written one behind the other.

Vendors do not say which they send (Akamai), or let the customer choose (Fastly's json_format 1 is an array, 2 is
NDJSON), so the body decides. Everything is cut, nothing judged: what is no JSON comes out as a line that the parser
rejects, and never costs its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from collectors.framing.lines import split_lines

_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECTS_IN_A_ROW: Final = re.compile(rb"\}[ \t]*\{")
#: A string (whole, or unended up to the end of the text), or one structural character. Possessive, so that no
#: input makes it go back: the scan is linear.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_OPENING: Final = frozenset({b"[", b"{"})
_CLOSING: Final = frozenset({b"]", b"}"})
_WHITE_SPACE: Final = b" \t\r\n"


def split_json(body: bytes) -> list[bytes]:
    """The values of a body, each as the bytes that were received."""
    text = body.lstrip(_WHITE_SPACE)
    if text.startswith(b"["):
        return _split_array(text)
    lines = split_lines(body)
    if _OBJECTS_IN_A_ROW.search(body) is None:
        return lines
    return [value for line in lines for value in _split_line(line)]


def _split_array(text: bytes) -> list[bytes]:
    try:
        return [bytes(value) for value in _array.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return list(_elements(text))


def _elements(text: bytes) -> Iterator[bytes]:
    """Elements of a broken array, cut at the commas between them: a bad one does not hide the good ones."""
    depth, start = 1, 1
    for token in _TOKEN.finditer(text, 1):
        mark = token.group()
        if depth == 1 and mark in {b",", b"]"}:
            yield from _non_blank(text[start : token.start()])
            start = token.end()
        depth += (mark in _OPENING) - (mark in _CLOSING and depth > 0)
    yield from _non_blank(text[start:])


def _split_line(line: bytes) -> Iterator[bytes]:
    """Objects of one line, cut where one ends on the outermost level."""
    depth, start = 0, 0
    for token in _TOKEN.finditer(line):
        mark = token.group()
        depth += (mark in _OPENING) - (mark in _CLOSING and depth > 0)
        if depth == 0 and mark == b"}":
            yield from _non_blank(line[start : token.end()])
            start = token.end()
    yield from _non_blank(line[start:])


def _non_blank(value: bytes) -> Iterator[bytes]:
    stripped = value.strip(_WHITE_SPACE)
    if stripped:
        yield stripped
