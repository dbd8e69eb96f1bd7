"""Body of a Google Cloud Pub/Sub push request: one message, its data in base64, in a JSON envelope.

Source: Pub/Sub guide, pages "Push subscriptions" and "Payload unwrapping for push subscriptions". A subscription
with payload unwrapping sends the bare data instead: see collectors/routes/pubsub.py.
"""

from __future__ import annotations

import binascii
from typing import Final

import msgspec

from collectors.framing.errors import InvalidBody


class Message(msgspec.Struct, gc=False):
    """One message: its id (the same over redeliveries, unique within its topic) and its data.

    Requests spell the id both ways; the second is the older one.
    """

    id: str = msgspec.field(name="messageId", default="")
    id_of_old: str = msgspec.field(name="message_id", default="")
    data: str = ""

    @property
    def message_id(self) -> str:
        """The id in whichever spelling."""
        return self.id or self.id_of_old

    def payload(self) -> bytes:
        """The decoded data. What is not base64 stays the text it is, for the parser to reject."""
        try:
            return binascii.a2b_base64(self.data, strict_mode=True)
        except (binascii.Error, ValueError):
            return self.data.encode()


class _Push(msgspec.Struct, gc=False):
    message: Message


_decoder: Final = msgspec.json.Decoder(_Push)


def open_push(body: bytes) -> Message:
    """The message of a wrapped push. Raises InvalidBody."""
    try:
        return _decoder.decode(body).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"the body is no Pub/Sub push: {error}") from None
