"""The fuse: stop rather than bill zero.

A bad deploy or an empty database replica makes every record unresolved. Nothing would crash, and every bill would
be zero. So the job fails when too large a share of a source's records is bad; its restarts, with their alert, end
when the cause is gone, or when a person raises the ratio (`ENRICHMENT_FUSE_RATIO=1` never blows).
"""

from __future__ import annotations


class FuseBlown(RuntimeError):
    """Too many records of one source are unresolved or dead; the message names source, share and setting."""


class Fuse:
    """Judges each source over runs of at least `window` records."""

    def __init__(self, name: str, ratio: float, window: int) -> None:
        self._name = name
        self._ratio = ratio
        self._window = window
        self._seen: dict[str, tuple[int, int]] = {}

    def count(self, source_id: str, records: int, bad: int) -> None:
        """Count records of a source; raises FuseBlown when a full window holds more than the ratio of bad ones."""
        total, total_bad = self._seen.get(source_id, (0, 0))
        total, total_bad = total + records, total_bad + bad
        if total < self._window:
            self._seen[source_id] = (total, total_bad)
            return
        self._seen[source_id] = (0, 0)
        if total_bad > total * self._ratio:
            raise FuseBlown(
                f"{total_bad} of {total} records of source {source_id!r} are {self._name}, more than "
                f"{self._ratio:.0%}: mend the cause (asset database, path patterns, the source's format), "
                "or raise ENRICHMENT_FUSE_RATIO"
            )
