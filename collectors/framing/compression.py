"""Decompression by magic number, within limits. Headers lie or are missing; the first bytes do not.

Formats: gzip of one or several members (RFC 1952), zlib (RFC 1950, what HTTP calls `deflate`), zstd of one or
several frames (RFC 8878). Anything else is taken as it is.
"""

from __future__ import annotations

import zlib
from typing import Final

import zstandard

from collectors.framing.errors import BodyTooLarge, InvalidBody

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ZLIB_MAGICS: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ZLIB_WINDOW_BITS: Final = 15
_GZIP_WINDOW_BITS: Final = 31
#: A ratio means little for small bodies: up to this size, in bytes, only the size counts.
_RATIO_FREE_BYTES: Final = 1024 * 1024
#: A zstd block of 4 bytes can hold 128 KiB; this much input at a time bounds what one call can make to 32 MiB.
_ZSTD_STEP_BYTES: Final = 1024
_ZSTD_MAX_WINDOW_BYTES: Final = 8 * 1024 * 1024


def decompress(body: bytes, *, max_bytes: int, max_ratio: int) -> bytes:
    """The body as it was before compression.

    Raises BodyTooLarge beyond `max_bytes` or `max_ratio` times the compressed size, InvalidBody if it is corrupt
    or truncated.
    """
    limit = min(max_bytes, max(len(body) * max_ratio, _RATIO_FREE_BYTES))
    if body.startswith(_GZIP_MAGIC):
        return _inflate(body, _GZIP_WINDOW_BITS, limit)
    if body.startswith(_ZSTD_MAGIC):
        return _unzstd(body, limit)
    if body.startswith(_ZLIB_MAGICS):
        return _inflate(body, _ZLIB_WINDOW_BITS, limit)
    if len(body) > max_bytes:
        raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
    return body


def _inflate(body: bytes, window_bits: int, limit: int) -> bytes:
    members: list[bytes] = []
    room = limit
    while body:
        member, body = _inflate_member(body, window_bits, room)
        room -= len(member)
        members.append(member)
    return members[0] if len(members) == 1 else b"".join(members)


def _inflate_member(body: bytes, window_bits: int, room: int) -> tuple[bytes, bytes]:
    decoder = zlib.decompressobj(window_bits)
    try:
        # One byte more than there is room for tells "exactly full" from "too much".
        member = decoder.decompress(body, room + 1)
    except zlib.error:
        raise InvalidBody("the compressed body is corrupt") from None
    if len(member) > room:
        raise BodyTooLarge("the decompressed body is larger than the limit of size or ratio")
    if not decoder.eof:
        raise InvalidBody("the compressed body is truncated")
    return member, decoder.unused_data


def _unzstd(body: bytes, limit: int) -> bytes:
    frames = bytearray()
    while body:
        body = _unzstd_frame(body, frames, limit)
    return bytes(frames)


def _unzstd_frame(body: bytes, frames: bytearray, limit: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES).decompressobj()
    for start in range(0, len(body), _ZSTD_STEP_BYTES):
        step = body[start : start + _ZSTD_STEP_BYTES]
        try:
            frames += decoder.decompress(step)
        except zstandard.ZstdError:
            raise InvalidBody("the compressed body is corrupt") from None
        if len(frames) > limit:
            raise BodyTooLarge("the decompressed body is larger than the limit of size or ratio")
        if decoder.eof:
            return decoder.unused_data + body[start + len(step) :]
    raise InvalidBody("the compressed body is truncated")
