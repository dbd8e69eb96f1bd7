"""One segment: a file of frames, read from where its ledger says, deleted once the ledger says all of it."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from collectors.spool.disk import DurableFile, sync_folder
from collectors.spool.frames import Damage, Frame, frame, scan
from collectors.spool.ledger import Ledger
from collectors.spool.parcel import Parcel

log = logging.getLogger(__name__)

#: The name holds the place in the order and the sync marker, so that the file itself is nothing but frames.
_NAME: Final = re.compile(r"(\d{12})\.([0-9a-f]{16})\.segment")
_SEGMENT: Final = ".segment"
_LEDGER: Final = ".replayed"
DAMAGED: Final = ".damaged"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Parcels that follow one another, and the offset behind them."""

    parcels: list[Parcel]
    end: int


class Segment:
    """A segment and its ledger. `size` is the end of the last whole frame: nothing behind it is ever read."""

    def __init__(self, path: Path) -> None:
        """A segment of this name, empty so far. Raises ValueError for a name that is none of a segment."""
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name} is no name of a segment")
        self.path = path
        self.number = int(match[1])
        self.size = 0
        #: Deliveries that wait, by source.
        self.waiting: Counter[str] = Counter()
        self.is_damaged = False
        self._sync = bytes.fromhex(match[2])
        self._ledger = Ledger(path.with_suffix(_LEDGER))
        self._file: DurableFile | None = None

    @staticmethod
    def create(folder: Path, number: int, sync: bytes) -> Segment:
        """A new segment, open for `append`. Raises OSError."""
        segment = Segment(folder / f"{number:012d}.{sync.hex()}{_SEGMENT}")
        segment._file = DurableFile(segment.path)
        return segment

    @staticmethod
    def find(folder: Path) -> list[Segment]:
        """The segments of a folder in their order, to be recovered; ledgers without one are removed."""
        for ledger in folder.glob(f"*{_LEDGER}"):
            if not ledger.with_suffix(_SEGMENT).exists():
                ledger.unlink()
        return [Segment(path) for path in sorted(folder.iterdir()) if _NAME.fullmatch(path.name)]

    def recover(self, *, is_last: bool) -> int:
        """Find out what waits, after a start; how many records were torn (0 or 1).

        Only in the last segment can a write have been cut off, one at most, and then by a crash before its delivery
        was acknowledged: it is cut from the file. All other damage is kept for an operator, see `finish`.
        """
        with self._data() as data:
            self.size = len(data)
            torn = self._survey(data, is_last)
        if torn is None:
            return 0
        log.warning("spool: %s ends in a torn record of %d bytes: cut", self.path.name, torn.end - torn.start)
        self._cut(torn.start)
        return 1

    def append(self, payload: bytes, source_id: str) -> None:
        """Add a parcel's payload durably. Raises OSError; the segment is then to be sealed."""
        if self._file is None:
            raise ValueError(f"{self.path.name} is sealed")
        self._file.append(frame(payload, self._sync))
        self.size = self._file.size
        self.waiting[source_id] += 1

    def seal(self) -> None:
        """No more is appended."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, max_bytes: int) -> Run:
        """The oldest parcels that wait: as many as hold `max_bytes` unpacked, at least one if there is any."""
        parcels: list[Parcel] = []
        end, room = self._ledger.replayed, max_bytes
        with self._data() as data:
            for found in scan(data, self._sync, end, self.size):
                if isinstance(found, Damage):
                    self._note(found)
                else:
                    parcel = Parcel.decode(found.payload)
                    room -= parcel.size
                    if room < 0 and parcels:
                        break
                    parcels.append(parcel)
                end = found.end
        return Run(parcels=parcels, end=end)

    def commit(self, run: Run) -> None:
        """Note durably that Kafka has what `read` gave. Raises OSError."""
        self._ledger.write(run.end)
        self.waiting -= Counter(parcel.source_id for parcel in run.parcels)

    def finish(self) -> None:
        """Delete the segment, or put it aside if it is damaged; then the ledger. Raises OSError."""
        self.seal()
        if self.is_damaged:
            self.path.rename(self.path.with_suffix(DAMAGED))
        else:
            self.path.unlink(missing_ok=True)
        # The ledger may only go once the segment is gone for good, or all of it would be published again.
        sync_folder(self.path.parent)
        self._ledger.remove()

    def close(self) -> None:
        """Close the files; what waits, waits for the next start."""
        self.seal()
        self._ledger.close()

    def _survey(self, data: bytes | mmap, is_last: bool) -> Damage | None:
        """Count what waits; the torn end of the last segment, if it has one."""
        for found in scan(data, self._sync, self._ledger.replayed):
            if isinstance(found, Frame):
                self.waiting[Parcel.decode(found.payload).source_id] += 1
            elif is_last and found.end == len(data) and data.find(self._sync, found.start + 1) < 0:
                return found
            else:
                self._note(found)
        return None

    def _cut(self, size: int) -> None:
        file = DurableFile(self.path)
        try:
            file.cut(size)
        finally:
            file.close()
        self.size = size

    def _note(self, damage: Damage) -> None:
        if not self.is_damaged:
            log.critical(
                "spool: %s is damaged at bytes %d to %d: what can be read is replayed, the file is kept as *%s",
                self.path.name,
                damage.start,
                damage.end,
                DAMAGED,
            )
        self.is_damaged = True

    @contextmanager
    def _data(self) -> Iterator[bytes | mmap]:
        """The file's bytes; mapped, because a segment is larger than what memory should hold."""
        with self.path.open("rb") as file:
            if file.seek(0, 2) == 0:  # an empty file cannot be mapped
                yield b""
                return
            with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                yield data
