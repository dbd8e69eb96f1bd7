"""Frames of a TCP stream, in whatever chunks they come."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.syslog.frames import FrameDecoder

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


LONG = b"<134>" + b"x" * MAX
CUT = LONG[: MAX + 1]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (LONG + b"\n<134>b\n", [CUT, b"<134>b"]),
        (b"<134>a\n" + LONG + b"\n7 <134>b\n", [b"<134>a", CUT, b"<134>b"]),
        (b"%d %s6 <134>b" % (len(LONG), LONG), [CUT, b"<134>b"]),
        (b"6 <134>a%d %s\n<134>b\n" % (len(LONG), LONG), [b"<134>a", CUT, b"<134>b"]),
        (LONG * 3, [CUT]),
    ],
    ids=["line", "line between others", "counted", "counted between others", "without end"],
)
@pytest.mark.parametrize("size", [1, 7, 1_000, 100_000])
def test_of_a_frame_that_is_too_long_only_its_beginning_comes_out_and_the_others_are_read(
    stream: bytes, expected: list[bytes], size: int
) -> None:
    decoder = FrameDecoder(MAX)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [frame for chunk in chunks for frame in decoder.feed(chunk)] == expected
    assert decoder.pending_bytes == 0


@pytest.mark.parametrize(
    ("stream", "expected"),
    [(b"", True), (b"<134>a\n", True), (b"<134>a", False), (b"6", False), (LONG, False), (b"2000 " + LONG, False)],
)
def test_what_the_end_of_a_connection_would_cut_off_is_known(stream: bytes, expected: bool) -> None:
    decoder = FrameDecoder(MAX)
    decoder.feed(stream)
    assert decoder.is_between_frames is expected


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


NOISE = st.binary(max_size=50) | st.sampled_from([b"\n", b"1", b"90 ", b"999999 ", b"0", b"<134>", b"\r\n", b"\0"])


@given(st.lists(NOISE), st.sampled_from([5, 60, 10_000]))
def test_noise_is_cut_alike_in_any_chunks_and_never_beyond_the_limit(chunks: list[bytes], longest: int) -> None:
    decoder = FrameDecoder(longest)
    received = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    whole = FrameDecoder(longest)
    assert received == whole.feed(b"".join(chunks))
    assert all(len(frame) <= longest + 1 for frame in received)
    assert (decoder.pending_bytes, decoder.is_between_frames) == (whole.pending_bytes, whole.is_between_frames)
    # The prefix of a count comes on top of the longest frame.
    assert decoder.pending_bytes <= longest + 7


@pytest.mark.parametrize(
    "unit",
    [b"x", b"\n", b"1 ", b"1 a", b"<134>\n", b"999999 "],
    ids=["one line", "line ends", "counts", "small counted frames", "small lines", "large counts"],
)
@pytest.mark.parametrize("size", [1, 65_536])
def test_the_time_grows_with_the_bytes_alone(unit: bytes, size: int) -> None:
    def seconds(total: int) -> float:
        stream = (unit * total)[:total]
        decoder = FrameDecoder(262_144)
        started = time.process_time()
        for at in range(0, total, size):
            decoder.feed(stream[at : at + size])
        return time.process_time() - started

    once = min(seconds(25_000) for _ in range(3))
    # Sixteen times the time if it grew with the square.
    assert min(seconds(100_000) for _ in range(2)) < 8 * once + 0.05
