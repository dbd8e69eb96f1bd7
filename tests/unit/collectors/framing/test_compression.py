"""Decompression by magic number, within limits."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import cramjam
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.compression import decompress
from collectors.framing.errors import BodyTooLarge, InvalidBody

TEXT = b'{"a":1}\n{"a":2}\n' * 50
MIB = 1024 * 1024

COMPRESSED = {
    "gzip": gzip.compress(TEXT),
    "gzip of several members": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]),
    "zlib": zlib.compress(TEXT),
    "zlib at level 1": zlib.compress(TEXT, 1),
    "zlib at level 9": zlib.compress(TEXT, 9),
    "zstd": zstandard.compress(TEXT),
    "zstd of several frames": zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
    "snappy": bytes(cramjam.snappy.compress(TEXT)),
    "snappy of several streams": bytes(cramjam.snappy.compress(TEXT[:100]))
    + bytes(cramjam.snappy.compress(TEXT[100:])),
    "zstd without a size": zstandard.ZstdCompressor(write_content_size=False).compress(TEXT),
}


def unpacked(body: bytes, *, max_bytes: int = MIB, max_ratio: int = 100) -> bytes:
    return decompress(body, max_bytes=max_bytes, max_ratio=max_ratio)


@pytest.mark.parametrize("body", COMPRESSED.values(), ids=COMPRESSED)
def test_a_compressed_body_comes_out_as_it_was(body: bytes) -> None:
    assert unpacked(body) == TEXT


@pytest.mark.parametrize("body", [b"", b"x", b"\x1f", TEXT, b"1795417200.391\tGET"])
def test_anything_else_is_taken_as_it_is(body: bytes) -> None:
    assert unpacked(body) == body


@pytest.mark.parametrize("body", COMPRESSED.values(), ids=COMPRESSED)
def test_a_truncated_body_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidBody, match=r"truncated|corrupt"):
        unpacked(body[:-1])


@pytest.mark.parametrize("body", COMPRESSED.values(), ids=COMPRESSED)
def test_what_follows_the_last_member_must_be_one(body: bytes) -> None:
    with pytest.raises(InvalidBody):
        unpacked(body + b"rest")


@pytest.mark.parametrize("body", COMPRESSED.values(), ids=COMPRESSED)
@pytest.mark.parametrize(("room", "fits"), [(len(TEXT), True), (len(TEXT) - 1, False)])
def test_the_limit_of_size_is_exact(body: bytes, room: int, fits: bool) -> None:
    if fits:
        assert unpacked(body, max_bytes=room) == TEXT
        return
    with pytest.raises(BodyTooLarge):
        unpacked(body, max_bytes=room)


def test_an_uncompressed_body_has_the_limit_of_size_too() -> None:
    with pytest.raises(BodyTooLarge, match="10"):
        unpacked(b"x" * 11, max_bytes=10)


BOMBS = {
    "gzip": gzip.compress(bytes(64 * MIB)),
    "zlib": zlib.compress(bytes(64 * MIB)),
    "zstd": zstandard.compress(bytes(64 * MIB)),
    "many members": gzip.compress(bytes(MIB)) * 64,
    "zstd without a size": zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 * MIB)),
    "zstd of many frames": zstandard.compress(bytes(MIB)) * 64,
    "empty gzip members": gzip.compress(b"") * 100_001,
    "empty zstd frames": zstandard.compress(b"") * 100_001,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_at_the_limit_of_ratio(bomb: bytes) -> None:
    with pytest.raises(BodyTooLarge):
        unpacked(bomb, max_bytes=1_000 * MIB, max_ratio=100)


@pytest.mark.parametrize("inner", [COMPRESSED[name] for name in ("gzip", "zstd", "snappy")])
@pytest.mark.parametrize("outer", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_second_layer_is_refused(outer: Callable[[bytes], bytes], inner: bytes) -> None:
    with pytest.raises(InvalidBody, match="compressed twice"):
        unpacked(outer(inner))


@pytest.mark.parametrize("member", [b"", b"x", b"x" * 1_000], ids=["empty", "one byte", "a line"])
@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_the_time_grows_with_the_members_alone(compress: Callable[[bytes], bytes], member: bytes) -> None:
    def seconds(count: int) -> float:
        body = compress(member) * count
        started = time.process_time()
        assert unpacked(body, max_bytes=100 * MIB) == member * count
        return time.process_time() - started

    once = min(seconds(2_000) for _ in range(3))
    # Sixteen times the time if it grew with the square.
    assert min(seconds(8_000) for _ in range(2)) < 8 * once + 0.05


@given(
    st.sampled_from([b"", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"\xff\x06\x00\x00sNaPpY"]),
    st.binary(max_size=200),
)
def test_any_bytes_are_text_or_refused(magic: bytes, rest: bytes) -> None:
    with suppress(InvalidBody, BodyTooLarge):
        assert isinstance(unpacked(magic + rest), bytes)


@given(st.binary(max_size=2_000), st.integers(min_value=0, max_value=2_000))
def test_members_may_be_cut_anywhere(text: bytes, at: int) -> None:
    text = b"{" + text
    assert unpacked(gzip.compress(text[:at]) + gzip.compress(text[at:])) == text
