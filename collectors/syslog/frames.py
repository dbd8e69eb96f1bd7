"""Framing of syslog over TCP (RFC 6587), detected for each frame.

A frame that starts with a length and a space is octet-counted (`MSG-LEN SP MSG`, section 3.4.1); any other (`<` of a
priority, `{` of a bare JSON line, a sender's token) ends at the next LF (section 3.4.2, "non-transparent framing").
Both kinds of sender can share a port, and a connection. Pure: bytes in, frames out, whatever the chunks, in time that
grows with the number of bytes and nothing else.
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
#: End of a frame that only its LF will tell; end of one that may still turn out to begin with a count.
_AT_LF: Final = -1
_UNDECIDED: Final = -2


class FrameDecoder:
    """Cuts one connection's bytes into frames; holds at most one unfinished frame of `max_frame_bytes`.

    Of a longer frame (its line end, if any, not counted but for CR) only the first `max_frame_bytes` + 1 bytes come
    out, and are thus known to be of one that is too long; the rest is skipped, and the frames behind it are read as
    ever.
    """

    def __init__(self, max_frame_bytes: int) -> None:
        self._max_frame_bytes = max_frame_bytes
        #: The unfinished frame, in the pieces that it came in: joined once, when it is complete.
        self._pieces: list[bytes] = []
        self._size = 0
        self._end = _UNDECIDED
        #: What is left of a frame that was too long: bytes, or everything up to LF.
        self._skipped_bytes = 0
        self._skips_line = False

    @property
    def pending_bytes(self) -> int:
        """Bytes that are held of the frame that is not complete yet."""
        return self._size

    @property
    def is_between_frames(self) -> bool:
        """Whether a connection that ends now cuts nothing off."""
        return not (self._size or self._skipped_bytes or self._skips_line)

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete with these bytes, without line ends."""
        stream = self._joined(self._behind_skipped(data))
        frames: list[bytes] = []
        at, size = 0, len(stream)
        while at < size:
            start, end, after = _extent(stream, at)
            if end < 0 or end > size:
                if size - start > self._max_frame_bytes:
                    frames.append(self._beginning(stream, start))
                    self._skip(end - size if end > 0 else _AT_LF)
                else:
                    self._keep(stream[at:], end if end < 0 else end - at)
                break
            too_long = end - start > self._max_frame_bytes
            frame = self._beginning(stream, start) if too_long else stream[start:end].rstrip(_FRAME_ENDS)
            # What is left of a counted frame's own line end is no frame.
            if frame:
                frames.append(frame)
            at = after
        return frames

    def _beginning(self, stream: bytes, start: int) -> bytes:
        """As much of a frame that is too long as tells that it is."""
        return stream[start : start + self._max_frame_bytes + 1]

    def _joined(self, data: bytes) -> bytes:
        """The unfinished frame with these bytes, or nothing while it stays unfinished."""
        if not self._pieces:
            return data
        self._pieces.append(data)
        self._size += len(data)
        if self._is_unfinished(data):
            return b""
        stream = b"".join(self._pieces)
        self._keep(b"", _UNDECIDED)
        return stream

    def _is_unfinished(self, data: bytes) -> bool:
        if self._size > self._max_frame_bytes:
            return False
        return self._size < self._end if self._end > 0 else self._end == _AT_LF and b"\n" not in data

    def _keep(self, rest: bytes, end: int) -> None:
        self._pieces = [rest] if rest else []
        self._size = len(rest)
        self._end = end

    def _skip(self, remaining: int) -> None:
        self._skips_line = remaining == _AT_LF
        self._skipped_bytes = max(0, remaining)

    def _behind_skipped(self, data: bytes) -> bytes:
        if self._skipped_bytes:
            skipped = min(self._skipped_bytes, len(data))
            self._skipped_bytes -= skipped
            return data[skipped:]
        if self._skips_line:
            end = data.find(b"\n")
            self._skips_line = end < 0
            return b"" if end < 0 else data[end + 1 :]
        return data


def _extent(stream: bytes, at: int) -> tuple[int, int, int]:
    """Start and end of the frame at `at`, and where the next one begins; a negative end is not known yet."""
    if stream[at] in _COUNT_STARTS:
        count = _COUNT.match(stream, at)
        if count is not None:
            end = count.end() + int(count[1])
            return count.end(), end, end
        if _PART_OF_COUNT.match(stream, at):
            return at, _UNDECIDED, _UNDECIDED
    end = stream.find(b"\n", at)
    return at, end, end + 1
