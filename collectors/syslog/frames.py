"""Framing of syslog over TCP (RFC 6587), detected for each frame.

A frame that starts with a length and a space is octet-counted (`MSG-LEN SP MSG`, section 3.4.1); any other (`<` of a
priority, `{` of a bare JSON line, a sender's token) ends at the next LF (section 3.4.2, "non-transparent framing").
Both kinds of sender can share a port, and a connection. Pure: bytes in, frames out, whatever the chunks.
"""

from __future__ import annotations

import re
from typing import Final

#: MSG-LEN has no leading zero; more digits than these (1 MB) are not believed. What looks like a count and is none
#: (`000002 ab`) is read up to LF, as OpenBSD's syslogd does.
_COUNT: Final = re.compile(rb"([1-9]\d{0,5}) ")
_PART_OF_COUNT: Final = re.compile(rb"[1-9]\d{0,5}\Z")
_COUNT_STARTS: Final = frozenset(b"123456789")
_FRAME_ENDS: Final = b"\r\n\0"


class FrameTooLong(ValueError):
    """The stream cannot be followed any further; the connection must be closed.

    `frames` are those that came before, in the same bytes.
    """

    def __init__(self, max_frame_bytes: int, frames: list[bytes]) -> None:
        super().__init__(f"a frame is longer than {max_frame_bytes} bytes")
        self.frames = frames


class FrameDecoder:
    """Cuts one connection's bytes into frames; holds at most one unfinished frame of `max_frame_bytes`."""

    def __init__(self, max_frame_bytes: int) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._rest = b""

    @property
    def pending_bytes(self) -> int:
        """Bytes of the frame that is not complete yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete with these bytes, without line ends. Raises FrameTooLong."""
        stream = self._rest + data if self._rest else data
        frames: list[bytes] = []
        at = 0
        while at < len(stream):
            start, end, after = _extent(stream, at)
            if (len(stream) if end < 0 else end) - start > self._max_frame_bytes:
                self._rest = b""
                raise FrameTooLong(self._max_frame_bytes, frames)
            if end < 0 or end > len(stream):
                break
            frame = stream[start:end].rstrip(_FRAME_ENDS)
            # What is left of a counted frame's own line end is no frame.
            if frame:
                frames.append(frame)
            at = after
        self._rest = stream[at:]
        return frames


def _extent(stream: bytes, at: int) -> tuple[int, int, int]:
    """Start and end of the frame at `at`, and where the next one begins; an end of -1 is not known yet."""
    if stream[at] in _COUNT_STARTS:
        count = _COUNT.match(stream, at)
        if count is not None:
            end = count.end() + int(count[1])
            return count.end(), end, end
        if _PART_OF_COUNT.match(stream, at):
            return at, -1, -1
    end = stream.find(b"\n", at)
    return at, end, end + 1
