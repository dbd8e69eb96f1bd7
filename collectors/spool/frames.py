"""Framing of a segment file: records one behind the other, each found again whatever is broken before it.

A frame is a sync marker (8 bytes), the payload's length (uint32), a CRC-32 of length and payload (uint32), and the
payload. The marker is random for each file, as in Avro's object container files: it is what reading goes on at behind
a damaged stretch, and no sender can know it and write a log line that looks like a frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import Final, NamedTuple
from zlib import crc32

SYNC_BYTES: Final = 8
_NUMBERS: Final = struct.Struct("<II")
OVERHEAD_BYTES: Final = SYNC_BYTES + _NUMBERS.size
_LENGTH_BYTES: Final = 4


class Frame(NamedTuple):
    """A whole record: its payload, and where its frame starts and ends in the file."""

    start: int
    end: int
    payload: bytes


class Damage(NamedTuple):
    """A stretch that holds no whole record. One that ends with the file may be a write that was cut off."""

    start: int
    end: int


def frame(payload: bytes, sync: bytes) -> bytes:
    """The frame of a payload. Raises struct.error for one of 4 GiB or more."""
    return sync + _NUMBERS.pack(len(payload), _checksum(payload)) + payload


def scan(data: bytes | mmap, sync: bytes, start: int = 0, stop: int | None = None) -> Iterator[Frame | Damage]:
    """Everything between two offsets, in order and without gaps."""
    at, stop = start, len(data) if stop is None else stop
    while at < stop:
        found = _frame_at(data, sync, at, stop) or Damage(at, _next_frame(data, sync, at + 1, stop))
        yield found
        at = found.end


def _frame_at(data: bytes | mmap, sync: bytes, at: int, stop: int) -> Frame | None:
    begin = at + OVERHEAD_BYTES
    if begin > stop or data[at : at + SYNC_BYTES] != sync:
        return None
    length, checksum = _NUMBERS.unpack_from(data, at + SYNC_BYTES)
    end = begin + length
    if end > stop:
        return None
    payload = data[begin:end]
    return Frame(at, end, payload) if _checksum(payload) == checksum else None


def _next_frame(data: bytes | mmap, sync: bytes, at: int, stop: int) -> int:
    """Where the next whole frame starts; `stop` if there is none."""
    at = data.find(sync, at, stop)
    while at >= 0:
        if _frame_at(data, sync, at, stop) is not None:
            return at
        at = data.find(sync, at + 1, stop)
    return stop


def _checksum(payload: bytes) -> int:
    return crc32(payload, crc32(len(payload).to_bytes(_LENGTH_BYTES, "little")))
