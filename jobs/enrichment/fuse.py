"""The fuse: stop rather than bill zero.

A bad deploy or an empty database replica makes every segment unresolved. Nothing would crash, and every bill would
be zero. So the job fails when too large a share of what a source has delivered is bad; its restarts, with their alert,
end when the cause is gone, or when a person raises the ratio (`ENRICHMENT_FUSE_RATIO=1` never blows).

Each task counts by itself, in memory: a restart begins a new window. So who restarts more often than a window fills
is not judged, and JobRestarting is the alert.
"""

from __future__ import annotations


class FuseBlown(RuntimeError):
    """Too much of one source is unresolved or dead; the message names source, share and setting."""


class Fuse:
    """Judges each source over runs of at least `window` of what is counted; `what` and `bad` are its words for it."""

    def __init__(self, what: str, bad: str, ratio: float, window: int) -> None:
        self._what = what
        self._bad = bad
        self._ratio = ratio
        self._window = window
        self._seen: dict[str, tuple[int, int]] = {}

    def count(self, source_id: str, number: int, bad: int) -> None:
        """Count some of a source; raises FuseBlown when a full window holds more than the ratio of bad ones."""
        total, total_bad = self._seen.get(source_id, (0, 0))
        total, total_bad = total + number, total_bad + bad
        if total < self._window:
            self._seen[source_id] = (total, total_bad)
            return
        self._seen[source_id] = (0, 0)
        if total_bad > total * self._ratio:
            raise FuseBlown(
                f"{total_bad} of {total} {self._what} of source {source_id!r} are {self._bad}, more than "
                f"{self._ratio:.0%}: mend the cause (asset database, path patterns, the source's format), "
                "or raise ENRICHMENT_FUSE_RATIO"
            )
