"""Azure Monitor's envelope, `{"records": [...]}`: its elements become the lines.

Source: Azure Monitor, "Stream Azure monitoring data to an event hub": an event holds one envelope. A bridge may post
one event, or several in whichever arrangement (a line each, an array, one behind the other), or have taken the
records out already; all make the same lines.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from collectors.framing.json_values import split_json


class _Envelope(msgspec.Struct, gc=False):
    records: list[msgspec.Raw]


_decoder: Final = msgspec.json.Decoder(_Envelope)
_OPENING: Final = re.compile(rb'\s*\{\s*"records"\s*:\s*(?=\[)')
_WHITE_SPACE: Final = b" \t\r\n"


def split_records(body: bytes) -> list[bytes]:
    """The records of all envelopes of a body, each as the bytes that were received.

    What is no envelope stays a line of its own, for the parser to judge; a broken record does not hide the others.
    """
    records = _records(body)
    if records is None:
        return [record for value in split_json(body) for record in _records_of_value(value)]
    return records


def _records_of_value(text: bytes) -> list[bytes]:
    records = _records(text)
    return _broken_records(text) if records is None else records


def _records(text: bytes) -> list[bytes] | None:
    try:
        return [bytes(record) for record in _decoder.decode(text).records]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _broken_records(text: bytes) -> list[bytes]:
    opening = _OPENING.match(text)
    if opening is None:
        return [text]
    array = text[opening.end() :]
    closed = array.rstrip(_WHITE_SPACE)
    if closed.endswith(b"}") and closed[:-1].rstrip(_WHITE_SPACE).endswith(b"]"):
        array = closed[:-1]
    return split_json(array)
