"""The formula for the usage job's state: docs/operations/state-size.md explains it, a soak checks it."""

from __future__ import annotations

from typing import Final, NamedTuple

from local import billing
from local.traffic.oracle import HOUR_MS

#: Event time for which a batch is remembered: its hour, 73 hours of deduplication, three of disorder.
KEPT_MS: Final = 77 * HOUR_MS
#: Bytes of a full checkpoint from RocksDB for each thing that is remembered.
BATCH_BYTES: Final = 200
LINE_BYTES: Final = 60
ROW_BYTES: Final = 300
#: Column families and metadata, whatever is in them.
BASE_BYTES: Final = 2_000_000

_BATCHES: Final = """
SELECT count(*), coalesce(sum(records) FILTER (WHERE source_id = ANY(%s)), 0)::bigint
FROM batch_ledger WHERE hour >= to_timestamp(%s)
"""
_ROWS: Final = "SELECT count(*) FROM media_usage WHERE hour >= to_timestamp(%s)"


class Remembered(NamedTuple):
    """What the job has to remember: batches, lines of sources that may repeat them, rows of the bill."""

    batches: int
    lines: int
    rows: int

    @property
    def bytes_allowed(self) -> int:
        """The most that this may take."""
        return BASE_BYTES + self.batches * BATCH_BYTES + self.lines * LINE_BYTES + self.rows * ROW_BYTES


def remembered(dsn: str, clock_ms: int, sources_with_repeats: list[str]) -> Remembered:
    """Count in the billing database what is not old enough to be forgotten, by the collectors' clock."""
    since = (clock_ms - KEPT_MS) // 1_000
    [(batches, lines)] = billing.query(dsn, _BATCHES, sources_with_repeats, since)
    [(rows,)] = billing.query(dsn, _ROWS, since)
    return Remembered(batches, lines, rows)
