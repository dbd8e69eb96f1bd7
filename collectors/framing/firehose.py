"""Body of an Amazon Data Firehose delivery to an HTTP endpoint: base64 records in a JSON envelope.

Source: Firehose developer guide, "HTTP endpoint delivery request and response specifications".
"""

from __future__ import annotations

import binascii
from typing import Final

import msgspec

from collectors.framing.errors import InvalidBody


class _Record(msgspec.Struct, gc=False):
    data: str = ""


class Envelope(msgspec.Struct, rename="camel"):
    """The request: its id (the same over retries), its time in epoch milliseconds, and its records."""

    request_id: str
    timestamp: int = 0
    records: list[_Record] = []

    def payloads(self) -> list[bytes]:
        """The decoded records. One that is not base64 stays the text it is, for the parser to reject."""
        return [_decode(record.data) for record in self.records]


_decoder: Final = msgspec.json.Decoder(Envelope)


def open_envelope(body: bytes) -> Envelope:
    """The request of a body. Raises InvalidBody."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"the body is no Firehose request: {error}") from None


def _decode(data: str) -> bytes:
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        return data.encode()
