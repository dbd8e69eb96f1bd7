"""Frames of a TCP stream, in whatever chunks they come."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.syslog.frames import FrameDecoder, FrameTooLong

MAX = 1_000


def frames(stream: bytes) -> list[bytes]:
    return FrameDecoder(MAX).feed(stream)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"<134>a\n<134>b\n", [b"<134>a", b"<134>b"]),
        (b'{"v":1}\n', [b'{"v":1}']),
        (b"6 <134>a7 <134>bc", [b"<134>a", b"<134>bc"]),
        (b"7 <134>a\n<134>b\n8 <134>c\nd", [b"<134>a", b"<134>b", b"<134>c\nd"]),
        (b"6 <134>a\n6 <134>b\n", [b"<134>a", b"<134>b"]),
        (b"<134>a\r\n<134>b\0\n", [b"<134>a", b"<134>b"]),
        (b"\n\r\n\n<134>a\n", [b"<134>a"]),
        (b"000002 ab\n", [b"000002 ab"]),
        (b"0 ab\n", [b"0 ab"]),
        (b"9f0c1d7e5b2a4e6f {}\n", [b"9f0c1d7e5b2a4e6f {}"]),
        (b"1234567 a\n", [b"1234567 a"]),
        (b"4 \xe2\x82\xac\n", [b"\xe2\x82\xac"]),
        (b"", []),
    ],
    ids=[
        "lines",
        "bare JSON",
        "counted",
        "both kinds, and LF in a counted frame",
        "counted with line ends that are not counted",
        "CRLF and NUL",
        "blank lines",
        "a count with leading zeros",
        "a count of zero",
        "a token that starts with a digit",
        "a count of too many digits",
        "octets, not characters",
        "nothing",
    ],
)
def test_frames_of_a_stream(stream: bytes, expected: list[bytes]) -> None:
    assert frames(stream) == expected


@pytest.mark.parametrize("stream", [b"<134>a", b"6", b"6 ", b"6 <134>", b"12 <134>"])
def test_an_unfinished_frame_waits(stream: bytes) -> None:
    decoder = FrameDecoder(MAX)
    assert decoder.feed(stream) == []
    assert decoder.pending_bytes == len(stream)


@pytest.mark.parametrize(
    ("stream", "before"),
    [
        (b"<134>" + b"x" * MAX, []),
        (b"<134>a\n<134>" + b"x" * MAX, [b"<134>a"]),
        (b"<134>" + b"x" * MAX + b"\n", []),
        (b"6 <134>a1001 x", [b"<134>a"]),
    ],
    ids=["without end", "after a good one", "with an end", "counted"],
)
def test_a_frame_that_is_too_long_ends_the_stream_after_the_good_ones(stream: bytes, before: list[bytes]) -> None:
    decoder = FrameDecoder(MAX)
    with pytest.raises(FrameTooLong, match="1000") as caught:
        decoder.feed(stream)
    assert (caught.value.frames, decoder.pending_bytes) == (before, 0)


def test_the_longest_frame_is_taken() -> None:
    longest = b"<" * MAX
    assert frames(longest + b"\n1000 " + longest) == [longest, longest]


MESSAGES = st.binary(min_size=1, max_size=40).filter(lambda message: message.strip(b"\r\n\0") == message)
LINES = MESSAGES.filter(lambda message: b"\n" not in message and message[:1] not in b"0123456789")


def counted(message: bytes) -> tuple[bytes, bytes]:
    return message, b"%d %s" % (len(message), message)


def ended(message: bytes) -> tuple[bytes, bytes]:
    return message, message + b"\n"


@given(st.lists(MESSAGES.map(counted) | LINES.map(ended), max_size=12), st.lists(st.integers(1, 30), max_size=30))
def test_any_chunks_of_any_mixture_give_the_same_frames(sent: list[tuple[bytes, bytes]], sizes: list[int]) -> None:
    stream = b"".join(frame for _, frame in sent)
    decoder = FrameDecoder(MAX)
    received = []
    for size in [*sizes, len(stream)]:
        received += decoder.feed(stream[:size])
        stream = stream[size:]
    assert received == [message for message, _ in sent]
    assert decoder.pending_bytes == 0


@given(st.lists(st.binary(max_size=50)))
def test_noise_is_cut_alike_in_any_chunks(chunks: list[bytes]) -> None:
    decoder = FrameDecoder(10_000)
    received = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    assert received == FrameDecoder(10_000).feed(b"".join(chunks))


def test_a_frame_that_comes_byte_by_byte_costs_no_more_than_its_square() -> None:
    decoder = FrameDecoder(20_000)
    started = time.process_time()
    for _ in range(20_000):
        decoder.feed(b"x")
    assert time.process_time() - started < 2
