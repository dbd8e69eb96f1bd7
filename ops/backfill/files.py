"""The files that an operator names: of this machine or of a bucket, in order, each read when its turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ops.backfill.log_file import LogFile, NoFiles


def find(places: Iterable[str]) -> list[LogFile]:
    """The files of each place: a file, a folder with all below it, or the URL of objects. Raises NoFiles, OSError.

    Each once, however often it was named; by name within a place. Hidden files are left out of folders.
    """
    found = {file.name: file for place in places for file in _of_place(place)}
    return list(found.values())


def _of_place(place: str) -> list[LogFile]:
    files = _of_bucket(place) if "://" in place else [_local(path) for path in _below(Path(place))]
    if not files:
        raise NoFiles(f"there is no file at {place}")
    return files


def _of_bucket(url: str) -> list[LogFile]:
    # Only here: files of this machine need no client of object stores.
    from ops.backfill import buckets

    return list(buckets.objects(url))


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if path.exists():
            yield path
        return
    for below in sorted(path.rglob("*")):
        is_hidden = any(part.startswith(".") for part in below.relative_to(path).parts)
        if below.is_file() and not is_hidden:
            yield below


def _local(path: Path) -> LogFile:
    return LogFile(name=str(path), size=path.stat().st_size, read=path.read_bytes)
