"""What Firehose could not deliver, as it writes it to its backup bucket: a JSON object a record, the data in base64.

Documents of failed records have `rawData` beside counts and times of the attempts (Firehose developer guide, "Handle
failure in data transformation", whose form all destinations share as far as seen; of HTTP endpoints unconfirmed).
"""

from __future__ import annotations

import binascii
from typing import Final

import msgspec

from collectors.framing.json_values import split_json


class _Failed(msgspec.Struct, gc=False, rename="camel"):
    raw_data: str


_decoder: Final = msgspec.json.Decoder(_Failed)


def split_failed(body: bytes) -> list[bytes]:
    """The lines of all records of a body, in order; what is no such document stays a line, for the parser to judge."""
    return [line for value in split_json(body) for line in _lines(value)]


def _lines(value: bytes) -> list[bytes]:
    try:
        return split_json(binascii.a2b_base64(_decoder.decode(value).raw_data, strict_mode=True))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError):
        return [value]
