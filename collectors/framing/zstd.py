"""Zstandard (RFC 8878), of one or several frames.

Where a frame ends follows from the lengths of its blocks (section 3.1.1), so each is decompressed whole, in one call
that lets other threads run, and a frame that is cut off is known before. Skippable frames are no part of a body.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import zstandard

from collectors.framing.errors import BodyTooLarge, InvalidBody

MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BLOCK_HEADER_BYTES: Final = 3
_BLOCK_MAX_BYTES: Final = 128 * 1024
#: A block of type 1 is one byte, to be repeated.
_REPEATED: Final = 1
_CHECKSUM_BYTES: Final = 4
#: What a frame may ask us to remember; the format allows terabytes. Compressors use 8 MiB at most unless told so.
_MAX_WINDOW_BYTES: Final = 8 * 1024 * 1024
#: Frames and blocks of one body. Each costs microseconds, however small it is.
_MAX_FRAMES: Final = 100_000
_MAX_BLOCKS: Final = 1_000_000


class _Frame(NamedTuple):
    """Where a frame ends, and how many blocks it has."""

    end: int
    blocks: int


def open_frames(body: bytes, limit: int) -> bytes:
    """The text of a body. Raises BodyTooLarge beyond `limit` bytes, InvalidBody if it is corrupt or truncated."""
    decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
    texts: list[bytes] = []
    at, blocks = 0, 0
    while at < len(body):
        frame = _frame(body, at, _MAX_BLOCKS - blocks)
        texts.append(_text(decoder, body[at : frame.end], min(limit, frame.blocks * _BLOCK_MAX_BYTES)))
        limit -= len(texts[-1])
        if limit < 0 or len(texts) > _MAX_FRAMES:
            raise BodyTooLarge(
                f"the decompressed body is larger than the limit of size or ratio, or {_MAX_FRAMES} frames"
            )
        at, blocks = frame.end, blocks + frame.blocks
    return texts[0] if len(texts) == 1 else b"".join(texts)


def _frame(body: bytes, start: int, max_blocks: int) -> _Frame:
    # The longest header has 18 bytes.
    header = body[start : start + 18]
    try:
        at = start + zstandard.frame_header_size(header)
        checksum = _CHECKSUM_BYTES if zstandard.get_frame_parameters(header).has_checksum else 0
    except zstandard.ZstdError:
        raise InvalidBody("the compressed body is corrupt") from None
    for blocks in range(1, max_blocks + 1):
        block = int.from_bytes(body[at : at + _BLOCK_HEADER_BYTES], "little")
        is_last, kind, size = block & 1, block >> 1 & 3, block >> 3
        at += _BLOCK_HEADER_BYTES + (1 if kind == _REPEATED else size)
        if at + checksum * is_last > len(body):
            raise InvalidBody("the compressed body is truncated")
        if is_last:
            return _Frame(at + checksum, blocks)
    raise BodyTooLarge(f"the body has more than {_MAX_BLOCKS} compressed blocks")


def _text(decoder: zstandard.ZstdDecompressor, frame: bytes, room: int) -> bytes:
    """The text of one whole frame, or one byte more than there is room for."""
    try:
        with decoder.stream_reader(frame) as reader:
            return reader.read(room + 1)
    except zstandard.ZstdError:
        raise InvalidBody("the compressed body is corrupt") from None
