"""Files that only grow, durably."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from collectors.spool.disk import DurableFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_what_was_appended_is_there_and_nobody_else_may_read_it(path: Path) -> None:
    file = DurableFile(path)
    file.append(b"one")
    file.append(b"two")
    assert (path.read_bytes(), file.size, path.stat().st_mode & 0o777) == (b"onetwo", 6, 0o600)


def test_a_file_is_gone_on_with(path: Path) -> None:
    path.write_bytes(b"one")
    file = DurableFile(path)
    file.append(b"two")
    file.close()
    assert path.read_bytes() == b"onetwo"


def test_it_is_on_the_disk_when_append_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    file = DurableFile(path)
    assert synced == [path.parent.stat().st_ino], "the name must survive too"
    file.append(b"one")
    assert synced[1:] == [path.stat().st_ino]


def test_a_short_write_is_gone_on_with(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    DurableFile(path).append(b"seven..")
    assert path.read_bytes() == b"seven.."


@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_a_failed_append_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    file = DurableFile(path)
    file.append(b"good")
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:3])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, half if broken == "write" else fail)
        with pytest.raises(OSError, match=r"No space|Input/output"):
            file.append(b"lost..")
    assert (path.read_bytes(), file.size) == (b"good", 4)


def test_the_first_error_is_the_one_that_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = DurableFile(path)

    def fail_to_sync(_: int) -> None:
        raise OSError(errno.EIO, "the first")

    def fail_to_cut(*_: int) -> None:
        raise OSError(errno.EROFS, "the second")

    monkeypatch.setattr(os, "fsync", fail_to_sync)
    monkeypatch.setattr(os, "ftruncate", fail_to_cut)
    with pytest.raises(OSError, match="the first"):
        file.append(b"lost")


def test_a_file_is_cut(path: Path) -> None:
    file = DurableFile(path)
    file.append(b"good and torn")
    file.cut(4)
    file.append(b"!")
    assert (path.read_bytes(), file.size) == (b"good!", 5)
