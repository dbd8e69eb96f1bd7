"""What Kafka has acknowledged since this process started, by source: the claim that heartbeats carry."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from schemas.cdn_logs_pb2 import SourceTotals


@dataclass
class _Sums:
    batches: int = 0
    records: int = 0
    rejected: int = 0


class AcknowledgedTotals:
    """Running sums by source. A batch that is sent again (a retried delivery) counts again: it is a copy in Kafka."""

    def __init__(self) -> None:
        self._by_source: defaultdict[str, _Sums] = defaultdict(_Sums)

    def add(self, source_id: str, *, records: int, rejected: int) -> None:
        """Count one acknowledged batch."""
        sums = self._by_source[source_id]
        sums.batches += 1
        sums.records += records
        sums.rejected += rejected

    def snapshot(self) -> list[SourceTotals]:
        """The sums now, ordered by source."""
        return [
            SourceTotals(source_id=name, batches=sums.batches, records=sums.records, rejected=sums.rejected)
            for name, sums in sorted(self._by_source.items())
        ]
