"""Writing so that it is still there after a crash of the machine (see "Files are hard", fsync(2), rename(2))."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Only the collector may read what is spooled: lines hold addresses of viewers.
_MODE: Final = 0o600


def sync_folder(folder: Path) -> None:
    """Make names that were created, renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DurableFile:
    """A file that only grows. What was appended is on the disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it, durably."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
        self.size = os.fstat(self._descriptor).st_size
        sync_folder(path.parent)

    def append(self, data: bytes) -> None:
        """Write and fsync. Raises OSError; the file is then cut back to its size before, as far as the disk lets."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError:
            # The first error is the one that counts.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)

    def cut(self, size: int) -> None:
        """Forget everything behind an offset, durably. Raises OSError."""
        os.ftruncate(self._descriptor, size)
        os.fsync(self._descriptor)
        self.size = size

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
