"""The spool's folder: a queue of deliveries that survives kill -9, power cuts and a torn last write.

Appended deliveries are on the disk before `append` returns. The oldest are read with `head`, and forgotten with
`commit` once Kafka has them; until then every start finds them again. All calls block, and come from one thread at
a time. The disk must be a local one: flock and fsync of network file systems promise less.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.spool.frames import OVERHEAD_BYTES, SYNC_BYTES
from collectors.spool.parcel import Parcel
from collectors.spool.segment import DAMAGED, Run, Segment

_MIB: Final = 1024 * 1024
#: A segment is deleted as a whole: smaller ones give space back sooner, larger ones mean fewer files.
_SEGMENT_BYTES: Final = 64 * _MIB
#: CDNs send deliveries of some MiB, which shrink to about this.
_USUAL_BYTES: Final = _MIB


class SpoolInUse(Exception):
    """Another process has this folder."""


class SpoolFull(Exception):
    """There is no room for the delivery within the spool's limits; nothing of it was kept."""


@dataclass(frozen=True, kw_only=True)
class SpoolLimits:
    """How much disk the spool may take. `segment_bytes` is the size at which the next file is begun."""

    #: Bytes of all segments together.
    max_bytes: int = 10 * 1024 * _MIB
    #: Bytes that stay free on the file system, whoever fills it.
    min_free_bytes: int = 1024 * _MIB
    segment_bytes: int = _SEGMENT_BYTES


class SpoolStore:
    """The queue. Raises SpoolInUse, or OSError for a folder that cannot be written."""

    def __init__(self, folder: Path, limits: SpoolLimits) -> None:
        """Lock the folder, find what an earlier process has left, and cut a torn end."""
        self._folder = folder
        self._limits = limits
        self._lock = _lock(folder)
        #: Records that this start found torn: never acknowledged, and cut.
        self.torn_records = 0
        self._segments = deque(self._recovered())
        self._next_number = 1 + max((segment.number for segment in self._segments), default=0)
        self._active: Segment | None = None
        self._run: tuple[Segment, Run] | None = None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(segment.size for segment in self._segments)

    @property
    def waiting(self) -> Counter[str]:
        """Deliveries that wait, by source."""
        return sum((segment.waiting for segment in self._segments), Counter())

    @property
    def has_room(self) -> bool:
        """Whether the limits leave room for a delivery of average size."""
        return not self._complaint(_USUAL_BYTES)

    @property
    def damaged_segments(self) -> int:
        """Files that are damaged, whether they are still replayed or were put aside."""
        aside = sum(1 for path in self._folder.iterdir() if path.suffix == DAMAGED)
        return aside + sum(segment.is_damaged for segment in self._segments)

    def append(self, parcel: Parcel) -> None:
        """Keep a delivery durably, behind all others. Raises SpoolFull or OSError; it is not promised then."""
        payload = parcel.encode()
        size = len(payload) + OVERHEAD_BYTES
        if complaint := self._complaint(size):
            raise SpoolFull(complaint)
        segment = self._active_segment(size)
        try:
            segment.append(payload, parcel.source_id)
        except OSError:
            # What a disk holds after a failed fsync is unknown: nothing more is written behind it.
            self._seal()
            raise

    def head(self, max_bytes: int) -> list[Parcel]:
        """The oldest deliveries: as many as hold `max_bytes` unpacked, at least one if any waits.

        The same, or more, are given again until `commit`. Raises OSError.
        """
        while self._segments:
            segment = self._segments[0]
            run = segment.read(max_bytes)
            if run.parcels:
                self._run = segment, run
                return run.parcels
            self._finish(segment)
        return []

    def commit(self) -> None:
        """Forget durably what `head` gave last: Kafka has it. Raises OSError; call it again then.

        The next `head` deletes what is done with.
        """
        if self._run is None:
            raise ValueError("commit without head")
        segment, run = self._run
        segment.commit(run)
        self._run = None

    def close(self) -> None:
        """Let go of the folder; what waits, waits for the next start."""
        for segment in self._segments:
            segment.close()
        os.close(self._lock)

    def _recovered(self) -> list[Segment]:
        segments = Segment.find(self._folder)
        for segment in segments:
            self.torn_records += segment.recover(is_last=segment is segments[-1])
        return segments

    def _complaint(self, size: int) -> str:
        """Why so many more bytes may not be written; "" if they may."""
        if self.size + size > self._limits.max_bytes:
            return f"the spool holds {self.size} of {self._limits.max_bytes} bytes"
        status = os.statvfs(self._folder)
        free = status.f_bavail * status.f_frsize
        if free - size < self._limits.min_free_bytes:
            return f"the spool's disk has {free} bytes left, {self._limits.min_free_bytes} must stay free"
        return ""

    def _active_segment(self, size: int) -> Segment:
        """The segment for a frame of this size: the one in use while it fits."""
        if self._active is not None and self._active.size + size > self._limits.segment_bytes:
            self._seal()
        if self._active is None:
            self._active = Segment.create(self._folder, self._next_number, secrets.token_bytes(SYNC_BYTES))
            self._next_number += 1
            self._segments.append(self._active)
        return self._active

    def _seal(self) -> None:
        if self._active is not None:
            self._active.seal()
            self._active = None

    def _finish(self, segment: Segment) -> None:
        if segment is self._active:
            self._seal()
        segment.finish()
        self._segments.popleft()


def _lock(folder: Path) -> int:
    """The descriptor that holds the folder's lock for as long as it is open. Raises SpoolInUse or OSError."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SpoolInUse(f"another process uses {folder}") from None
    return descriptor
