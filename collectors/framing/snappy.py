"""Snappy's framing format (google/snappy, framing_format.txt), which Fastly writes by `compression_codec: snappy`.

Chunks of a type, a length, and at most 64 KiB of text each, whose length stands in them: so the size of the text is
known, and judged, before anything of it is made. Decoding and checksums are cramjam's.
"""

from __future__ import annotations

from typing import Final

import cramjam

from collectors.framing.errors import BodyTooLarge, InvalidBody

#: The stream identifier, a chunk that every stream begins with.
MAGIC: Final = b"\xff\x06\x00\x00sNaPpY"
_COMPRESSED: Final = 0x00
_PLAIN: Final = 0x01
_CHUNK_HEADER_BYTES: Final = 4
_CHECKSUM_BYTES: Final = 4
#: Chunks of one body: each costs a microsecond to look at, however small it is. This many full ones are 64 GiB.
_MAX_CHUNKS: Final = 1_000_000


def open_frames(body: bytes, limit: int) -> bytes:
    """The text of a framed body. Raises BodyTooLarge beyond `limit` bytes, InvalidBody if corrupt or truncated."""
    if _text_size(body) > limit:
        raise BodyTooLarge("the decompressed body is larger than the limit of size or ratio")
    try:
        return bytes(cramjam.snappy.decompress(body))
    except cramjam.DecompressionError:
        raise InvalidBody("the compressed body is corrupt") from None


def _text_size(body: bytes) -> int:
    """Bytes of text that the chunks claim to hold; cramjam takes no more of them than that."""
    size, at, chunks = 0, 0, 0
    while at < len(body):
        kind, length = body[at], int.from_bytes(body[at + 1 : at + _CHUNK_HEADER_BYTES], "little")
        data = at + _CHUNK_HEADER_BYTES + _CHECKSUM_BYTES
        at += _CHUNK_HEADER_BYTES + length
        chunks += 1
        if chunks > _MAX_CHUNKS:
            raise BodyTooLarge(f"the body has more than {_MAX_CHUNKS} compressed chunks")
        if kind == _COMPRESSED:
            size += _varint(body, data)
        elif kind == _PLAIN:
            size += max(0, length - _CHECKSUM_BYTES)
    if at > len(body):
        raise InvalidBody("the compressed body is truncated")
    return size


def _varint(body: bytes, at: int) -> int:
    """A length of up to 32 bits as snappy's block format begins with: seven bits a byte, the lowest first."""
    value = 0
    for index, byte in enumerate(body[at : at + 5]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            break
    return value
