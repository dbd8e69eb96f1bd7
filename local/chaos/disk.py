"""A small file system that can be full at once: a tmpfs whose size is cut to what it holds."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Memory is only taken as it is written.
_SIZE_BYTES: Final = 12 * 1024**3
_TRIES: Final = 20


class Disk:
    """A tmpfs at `folder`, mounted by `mount`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> None:
        """Mount it, empty. Raises CalledProcessError where this user, or this kernel, may not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE_BYTES}", "tmpfs", str(self.folder))

    def unmount(self) -> None:
        """Unmount it, with all that it holds, if it is mounted; what still uses it keeps its open files."""
        if self.folder.is_mount():
            _run("umount", "--lazy", str(self.folder))

    def fill(self) -> None:
        """Leave no byte free, or a block if it is empty: the size 0 would mean no limit.

        Tried again where something was written in between: no file system gets smaller than what it holds.
        """
        for _ in range(_TRIES):
            with suppress(subprocess.CalledProcessError):
                return self._resize(self._used_bytes())
        return self._resize(self._used_bytes())

    def empty(self) -> None:
        """Give the space back."""
        self._resize(_SIZE_BYTES)

    def _used_bytes(self) -> int:
        state = os.statvfs(self.folder)
        return max(1, state.f_blocks - state.f_bfree) * state.f_frsize

    def _resize(self, size: int) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.folder))


def can_mount() -> bool:
    """Whether a file system can be mounted here."""
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(Path(folder) / "disk")
        try:
            disk.mount()
        except (subprocess.CalledProcessError, FileNotFoundError):
            return False
        disk.unmount()
        return True


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
