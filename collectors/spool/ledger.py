"""The ledger of one segment: up to which offset Kafka has acknowledged its deliveries.

An append-only file of entries, offset (uint64) and CRC-32 of it (uint32). The last whole entry counts. An entry that
is lost or torn makes its deliveries be published again, under the ids that they had: harmless.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final
from zlib import crc32

from collectors.spool.disk import DurableFile

_OFFSET: Final = struct.Struct("<Q")
_ENTRY: Final = struct.Struct("<QI")


def entry(offset: int) -> bytes:
    """The entry that says "all before this offset"."""
    return _ENTRY.pack(offset, crc32(_OFFSET.pack(offset)))


def entries(data: bytes) -> list[int]:
    """The offsets of all whole entries before the first broken one."""
    offsets: list[int] = []
    for offset, checksum in _ENTRY.iter_unpack(data[: len(data) - len(data) % _ENTRY.size]):
        if checksum != crc32(_OFFSET.pack(offset)):
            break
        offsets.append(offset)
    return offsets


class Ledger:
    """The ledger as a file; made when its first entry is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: DurableFile | None = None
        offsets = entries(path.read_bytes()) if path.exists() else []
        self._whole_bytes = len(offsets) * _ENTRY.size
        #: Everything of the segment before this offset is in Kafka.
        self.replayed = max(offsets, default=0)

    def write(self, offset: int) -> None:
        """Note durably that everything before an offset is in Kafka. Raises OSError."""
        if self._file is None:
            self._file = DurableFile(self._path)
            self._file.cut(self._whole_bytes)
        self._file.append(entry(offset))
        self.replayed = offset

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Close and delete the file: its segment is gone."""
        self.close()
        self._path.unlink(missing_ok=True)
