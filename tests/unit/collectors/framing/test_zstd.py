"""Zstandard's frames."""

from __future__ import annotations

import time

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.errors import BodyTooLarge, InvalidBody
from collectors.framing.zstd import MAGIC, open_frames

MIB = 1024 * 1024
TEXT = b'{"a":1}\n{"a":2}\n' * 50_000


def compressor(**options: int) -> zstandard.ZstdCompressor:
    parameters = zstandard.ZstdCompressionParameters(**options)
    return zstandard.ZstdCompressor(compression_params=parameters)


WITHOUT_SIZE = compressor(write_content_size=0).compress(TEXT)


def streamed(text: bytes, **options: int) -> bytes:
    """A frame of many small blocks, as a sender makes that flushes after every write."""
    stream = compressor(**options).compressobj()
    pieces = [text[at : at + 10_000] for at in range(0, len(text), 10_000)]
    blocks = [stream.compress(piece) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for piece in pieces]
    return b"".join(blocks) + stream.flush()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (zstandard.compress(TEXT), TEXT),
        (compressor(write_checksum=1).compress(TEXT), TEXT),
        (WITHOUT_SIZE, TEXT),
        (streamed(TEXT, write_checksum=1), TEXT),
        (zstandard.compress(b""), b""),
        (zstandard.compress(b"") * 3 + zstandard.compress(b"x"), b"x"),
        (WITHOUT_SIZE + zstandard.compress(b"end"), TEXT + b"end"),
        (zstandard.compress(bytes(MIB)), bytes(MIB)),
    ],
    ids=["one frame", "checksum", "no size", "flushed", "empty", "empty frames", "two frames", "repeated bytes"],
)
def test_text_comes_out_as_it_was(body: bytes, text: bytes) -> None:
    assert open_frames(body, MIB) == text


@pytest.mark.parametrize(
    "body",
    [
        zstandard.compress(TEXT)[:-1],
        compressor(write_checksum=1).compress(TEXT)[:-1],
        WITHOUT_SIZE[:-1],
        WITHOUT_SIZE[:6],
        MAGIC,
        zstandard.compress(TEXT) + b"rest",
        WITHOUT_SIZE + b"rest",
        WITHOUT_SIZE + b"\x50\x2a\x4d\x18\x00\x00\x00\x00",
        compressor(write_checksum=1).compress(TEXT)[:-1] + b"\x00",
        streamed(TEXT, window_log=27),
    ],
    ids=[
        "cut",
        "cut in its checksum",
        "cut without size",
        "cut in its header",
        "magic alone",
        "rest",
        "rest without size",
        "skippable frame",
        "bit flip",
        "a window of 128 MiB",
    ],
)
def test_what_is_no_whole_frame_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidBody, match=r"truncated|corrupt"):
        open_frames(body, MIB)


@pytest.mark.parametrize("body", [zstandard.compress(TEXT), WITHOUT_SIZE, zstandard.compress(TEXT[:9]) * 3])
def test_the_limit_is_exact(body: bytes) -> None:
    size = len(open_frames(body, MIB))
    assert len(open_frames(body, size)) == size
    with pytest.raises(BodyTooLarge):
        open_frames(body, size - 1)


def test_blocks_without_end_are_too_many() -> None:
    empty_blocks = b"\x00\x00\x00" * 1_000_001
    with pytest.raises(BodyTooLarge, match="1000000 compressed blocks"):
        open_frames(MAGIC + b"\x00\x58" + empty_blocks, MIB)


def test_a_bomb_of_gigabytes_makes_no_more_than_the_limit() -> None:
    block = (1 << 1 | 131_072 << 3).to_bytes(3, "little") + b"x"
    started = time.process_time()
    with pytest.raises(BodyTooLarge):
        open_frames(MAGIC + b"\x00\x58" + block * 100_000 + b"\x01\x00\x00", MIB)
    assert time.process_time() - started < 1


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused(rest: bytes) -> None:
    try:
        assert len(open_frames(MAGIC + rest, 1_000)) <= 1_000
    except (InvalidBody, BodyTooLarge):
        return
