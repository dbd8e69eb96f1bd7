"""A delivery packed for the disk: what a retry by its sender would bring again, and when it first came.

The lines are as received, so the disk holds viewers' addresses as the dead-letter topic does. They are compressed,
because a disk is slower than Zstandard: log lines shrink to about a tenth.
"""

from __future__ import annotations

from typing import Final

import msgspec
import zstandard

from collectors.batches.blocks import Delivery

#: The fastest of the ordinary levels: what is spooled is read again within hours.
_LEVEL: Final = 1


class Parcel(msgspec.Struct, array_like=True, frozen=True):
    """A packed delivery with what is asked of it before it is unpacked. `size` is in bytes, unpacked."""

    source_id: str
    size: int
    compressed: bytes

    @staticmethod
    def of(delivery: Delivery) -> Parcel:
        """Pack a delivery."""
        content = msgspec.msgpack.encode(delivery)
        return Parcel(delivery.source_id, len(content), zstandard.compress(content, _LEVEL))

    def delivery(self) -> Delivery:
        """Unpack it. Raises zstandard.ZstdError or msgspec.DecodeError for what `of` has not made."""
        return _deliveries.decode(zstandard.decompress(self.compressed))

    def encode(self) -> bytes:
        """The payload of its frame."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def decode(payload: bytes) -> Parcel:
        """The parcel of a frame's payload. Raises msgspec.DecodeError."""
        return _parcels.decode(payload)


_parcels: Final = msgspec.msgpack.Decoder(Parcel)
_deliveries: Final = msgspec.msgpack.Decoder(Delivery)
