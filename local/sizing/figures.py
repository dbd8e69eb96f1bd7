"""What was measured, and what follows for a million records. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Stored(NamedTuple):
    """Bytes that are stored at one moment, and rows of the billing database."""

    raw: int = 0
    enriched: int = 0
    ledger: int = 0
    ledger_rows: int = 0
    usage: int = 0
    usage_rows: int = 0

    def less(self, before: Stored) -> Stored:
        """What has come since."""
        return Stored(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Phase:
    """So many records, in batches of one size, and what they took."""

    records: int
    records_a_batch: int
    took: Stored

    def line(self) -> str:
        """For scripts: megabytes (10^6 bytes) a million records of each topic, bytes a row of the billing database."""
        raw, enriched = (size / self.records for size in (self.took.raw, self.took.enriched))
        batch, row = _each(self.took.ledger, self.took.ledger_rows), _each(self.took.usage, self.took.usage_rows)
        return (
            f"sizing: records_a_batch={self.records_a_batch} raw_mb_per_million={raw:.0f}"
            f" enriched_mb_per_million={enriched:.0f} ledger_bytes_per_batch={batch} usage_bytes_per_row={row}"
        )


@dataclass(frozen=True, kw_only=True)
class State:
    """The usage job's state: bytes of a full checkpoint, and what the formula of state-size.md allows."""

    bytes: int
    allowed: int

    def line(self) -> str:
        """For scripts."""
        return f"sizing: state_bytes={self.bytes} state_bytes_allowed={self.allowed}"


def _each(size: int, count: int) -> str:
    return f"{size / count:.0f}" if count else "none"
