"""Deliveries of one source, with the bill and the ledger that they must come to, counted without the product's code."""

from __future__ import annotations

import itertools
from collections import Counter

from schemas.batch import stamp_publication
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch
from tests.e2e.bill import BillRow, LedgerRow
from tests.e2e.films import TIERS, Film
from tests.support.batches import batch, delivery

#: Bytes of every delivered segment.
SEGMENT_BYTES = 1_000

_Key = tuple[int, str, str, str]


class Traffic:
    """Makes batches of one source and remembers what was sent.

    A source that `repeats_lines` logs request ids, and its lines may come again in another batch.
    """

    def __init__(self, source_id: str, *, repeats_lines: bool = False) -> None:
        self.source_id = source_id
        self._repeats_lines = repeats_lines
        self._numbers = itertools.count(1)
        self._arrivals: Counter[str] = Counter()
        self._late: set[str] = set()
        self._sums: dict[_Key, tuple[int, int, int]] = {}

    def batch(self, film: Film, hour_ms: int, *, plays: int = 60, published_at_ms: int | None = None) -> AccessLogBatch:
        """A new delivery that plays segments of a film, by turns in either rendition."""
        rendition_of = itertools.cycle(TIERS)
        played = [(next(rendition_of), number % len(film.segment_ms)) for number in range(plays)]
        made = batch(
            [
                *(delivery(film.path(*segment), body_bytes=SEGMENT_BYTES) for segment in played),
                *_free_lines(film),
            ],
            hour_ms=hour_ms,
            source_id=self.source_id,
            delivery_id=f"delivery-{next(self._numbers)}",
            published_at_ms=published_at_ms,
        )
        if self._repeats_lines:
            made.header.deduplicate_records = True
            for record in made.records:
                record.request_id = f"{made.header.delivery_id}/{record.line}"
        for rendition, number in played:
            key = (hour_ms, film.environment_id, film.asset_id, TIERS[rendition])
            delivered_ms, deliveries, size = self._sums.get(key, (0, 0, 0))
            self._sums[key] = (delivered_ms + film.segment_ms[number], deliveries + 1, size + SEGMENT_BYTES)
        return self.again(made)

    def lines_again(self, *sent: AccessLogBatch, published_at_ms: int | None = None) -> AccessLogBatch:
        """A new delivery of nothing but lines that were sent before; it adds nothing to the bill."""
        made = batch(
            [record for each in sent for record in each.records],
            hour_ms=sent[0].header.hour_ms,
            source_id=self.source_id,
            delivery_id=f"delivery-{next(self._numbers)}",
            published_at_ms=published_at_ms,
        )
        made.header.deduplicate_records = True
        return self.again(made)

    def again(self, made: AccessLogBatch) -> AccessLogBatch:
        """The same batch, to be sent once more."""
        batch_id = made.header.batch_id
        self._arrivals[batch_id] += 1
        if made.header.late:
            self._late.add(batch_id)
        return made

    @property
    def bill(self) -> list[BillRow]:
        """What all that was made must be billed, however often it was sent."""
        return sorted(BillRow(*key, *sums) for key, sums in self._sums.items())

    @property
    def ledger(self) -> list[LedgerRow]:
        """Each batch once, with how often it came again."""
        return sorted(
            LedgerRow(batch_id, "late" if batch_id in self._late else "window", arrivals - 1)
            for batch_id, arrivals in self._arrivals.items()
        )


def sum_of(*bills: list[BillRow]) -> list[BillRow]:
    """One bill of several: rows of one key become one."""
    sums: dict[_Key, Counter[str]] = {}
    for row in itertools.chain.from_iterable(bills):
        amount = Counter(ms=row.delivered_ms, deliveries=row.deliveries, bytes=row.bytes)
        sums.setdefault((row.hour_ms, row.environment_id, row.asset_id, row.tier), Counter()).update(amount)
    return sorted(BillRow(*key, of["ms"], of["deliveries"], of["bytes"]) for key, of in sums.items())


def copy_published(made: AccessLogBatch, published_at_ms: int) -> AccessLogBatch:
    """A copy of a batch as a retry at this time makes it: the same lines and id, another publication."""
    copy = AccessLogBatch()
    copy.CopyFrom(made)
    stamp_publication(copy, published_at_ms)
    return copy


def _free_lines(film: Film) -> list[AccessLog]:
    manifest, segment = f"/vod/{film.asset_id}/720p/playlist.m3u8", film.path("720p", 0)
    return [delivery(manifest), delivery(segment, status=304, body_bytes=0), delivery(segment, status=404)]
