"""A disk that is full from one moment to the next, and has room again."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.chaos.disk import Disk, can_mount

pytestmark = pytest.mark.skipif(not can_mount(), reason="no file system can be mounted here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    made.mount()
    yield made
    made.unmount()


def test_a_full_disk_takes_no_byte_more(disk: Disk) -> None:
    (disk.folder / "kept").write_bytes(bytes(10_000))
    disk.fill()
    with pytest.raises(OSError, match="No space left") as refused:
        (disk.folder / "more").write_bytes(bytes(10_000))
    assert refused.value.errno == errno.ENOSPC
    assert (disk.folder / "kept").read_bytes() == bytes(10_000)


def test_it_can_be_written_again_when_there_is_room(disk: Disk) -> None:
    (disk.folder / "kept").write_bytes(b"before")
    disk.fill()
    disk.empty()
    (disk.folder / "more").write_bytes(bytes(10_000))
    assert (disk.folder / "kept").read_bytes() == b"before"


def test_an_empty_disk_can_be_full_too(disk: Disk) -> None:
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        (disk.folder / "more").write_bytes(bytes(100_000))


def test_a_disk_that_is_written_to_meanwhile_is_filled_all_the_same(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was asked how much is in use may be too late with the answer."""
    asked, told = iter(range(3)), Disk._used_bytes

    def too_late(of: Disk) -> int:
        used = told(of)
        (disk.folder / f"written-{next(asked)}").write_bytes(bytes(100_000))
        return used if next(late) else told(of)

    late = iter([True, True, False])
    monkeypatch.setattr(Disk, "_used_bytes", too_late)
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        (disk.folder / "more").write_bytes(bytes(10_000))


def test_unmounting_twice_does_nothing(disk: Disk) -> None:
    disk.unmount()
    disk.unmount()
    assert not disk.folder.is_mount()
