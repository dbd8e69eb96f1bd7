"""Snappy's frames."""

from __future__ import annotations

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.errors import BodyTooLarge, InvalidBody
from collectors.framing.snappy import MAGIC, open_frames

MIB = 1024 * 1024
TEXT = b'{"a":1}\n{"a":2}\n' * 20_000
PADDING = b"\xfe\x03\x00\x00abc"


def compressed(text: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(text))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (compressed(TEXT), TEXT),
        (compressed(b""), b""),
        (MAGIC, b""),
        (compressed(b"a") + compressed(b"b"), b"ab"),
        (MAGIC + PADDING + compressed(b"a") + PADDING, b"a"),
        (compressed(bytes(range(256)) * 3), bytes(range(256)) * 3),
    ],
    ids=["of many chunks", "empty", "identifier alone", "two streams", "padding", "a chunk that is not compressed"],
)
def test_text_comes_out_as_it_was(body: bytes, text: bytes) -> None:
    assert open_frames(body, MIB) == text


@pytest.mark.parametrize(
    "body",
    [
        compressed(TEXT)[:-1],
        compressed(TEXT)[:13],
        MAGIC + b"\x00",
        compressed(TEXT) + b"rest",
        MAGIC + b"\x02\x01\x00\x00a",
        MAGIC + b"\x00\x02\x00\x00ab",
        compressed(TEXT)[:20] + b"\x00" + compressed(TEXT)[21:],
        MAGIC + b"\x00\x05\x00\x00\x00\x00\x00\x00\x7f",
    ],
    ids=["cut", "cut in a header", "header alone", "rest", "reserved chunk", "no checksum", "bit flip", "lying length"],
)
def test_what_is_no_whole_stream_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidBody, match=r"truncated|corrupt"):
        open_frames(body, MIB)


@pytest.mark.parametrize(("limit", "fits"), [(len(TEXT), True), (len(TEXT) - 1, False)])
def test_the_limit_is_exact(limit: int, fits: bool) -> None:
    if fits:
        assert open_frames(compressed(TEXT), limit) == TEXT
        return
    with pytest.raises(BodyTooLarge, match="larger than the limit"):
        open_frames(compressed(TEXT), limit)


def test_chunks_without_end_are_too_many() -> None:
    with pytest.raises(BodyTooLarge, match="1000000 compressed chunks"):
        open_frames(MAGIC + b"\xfe\x00\x00\x00" * 1_000_000, MIB)


def test_a_claim_of_gigabytes_is_refused_unseen() -> None:
    with pytest.raises(BodyTooLarge):
        open_frames(MAGIC + b"\x00\x09\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x0f", MIB)


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 0x80, 0xFE, 0xFF]), st.binary(max_size=30)), max_size=10))
def test_any_chunks_are_text_or_refused(chunks: list[tuple[int, bytes]]) -> None:
    body = MAGIC + b"".join(bytes([kind]) + len(data).to_bytes(3, "little") + data for kind, data in chunks)
    try:
        assert len(open_frames(body, 1_000)) <= 1_000
    except (InvalidBody, BodyTooLarge):
        return
