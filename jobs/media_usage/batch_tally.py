"""What the usage job carries from the tally to deduplication: one small value a batch, in two strings.

It crosses a shuffle and sits in no state; its form may change between builds, as long as no record is in flight,
which a savepoint guarantees.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from jobs.build import BUILD_ID
from jobs.media_usage.rules import Rule
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey, tally
from schemas.batch import HOUR_MS
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader

WINDOW = "window"
LATE = "late"
#: What becomes of records of a late batch until the hour's on-time batches have come.
WAITING = "waiting-for-on-time-batches"
#: Before a path: the ledger takes the row only if it has none of the batch.
IF_ABSENT = "if-absent:"
#: How long deduplication remembers a batch: past the end of its hour, or its publication, whichever is later.
DEDUPLICATION_MS = 73 * HOUR_MS


class LedgerRow(NamedTuple):
    """A row of batch_ledger, in the order of the LEDGER statement's parameters."""

    hour_ms: int
    batch_id: str
    path: str
    boot_id: str
    source_id: str
    received_at_ms: int
    published_at_ms: int
    records: int
    billed_ms: int
    outcomes: str
    rejected: str
    unresolved_assets: str
    copies: int
    rule_version: str
    builds: str


class BatchTally(NamedTuple):
    """A tallied batch."""

    ledger: LedgerRow
    usage: dict[UsageKey, Sums]

    @property
    def remembered_until_ms(self) -> int:
        """Event time at which deduplication may forget the batch."""
        return max(self.ledger.hour_ms + HOUR_MS, self.ledger.published_at_ms) + DEDUPLICATION_MS

    def encode(self) -> str:
        usage = [[*key, *sums] for key, sums in self.usage.items()]
        return orjson.dumps([tuple(self.ledger), usage]).decode()

    @classmethod
    def decode(cls, text: str) -> BatchTally:
        ledger, usage = orjson.loads(text)
        return cls(LedgerRow(*ledger), {UsageKey(*row[:3]): Sums(*row[3:]) for row in usage})


def tally_batch(batch: AccessLogBatch, rule: Rule) -> BatchTally:
    """Tally an enriched batch by a version of the billing rule, with its row for the ledger."""
    header = batch.header
    tallied = tally(batch, rule)
    ledger = LedgerRow(
        hour_ms=header.hour_ms,
        batch_id=header.batch_id,
        path=LATE if header.late else WINDOW,
        boot_id=header.collector_boot,
        source_id=header.source_id,
        received_at_ms=header.received_at_ms,
        published_at_ms=header.published_at_ms,
        records=len(batch.records),
        billed_ms=tallied.billed_ms,
        outcomes=_json(tallied.outcomes),
        rejected=_json(_rejected(header)),
        unresolved_assets=_json(tallied.unresolved_assets),
        copies=0,
        rule_version=rule.version,
        builds=f"{header.collector_build}/{batch.enrichment.build}/{BUILD_ID}",
    )
    return BatchTally(ledger, tallied.usage)


def _rejected(header: BatchHeader) -> dict[str, int]:
    return {entry.reason: entry.count for entry in header.rejected}


def _json(counts: dict[str, int]) -> str:
    return orjson.dumps(counts, option=orjson.OPT_SORT_KEYS).decode()
