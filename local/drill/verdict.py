"""What was lost and what was counted twice: the bill against the account, enriched batches against raw ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from local.traffic.comparison import Difference, compare
from local.traffic.oracle import Amount, Key


class Place(NamedTuple):
    """Where a copy of a batch stands in its topic."""

    partition: int
    offset: int


#: Batches of a topic by id, with the place of each copy.
Places = Mapping[bytes, Sequence[Place]]


@dataclass(frozen=True)
class Stretch:
    """Offsets of every partition, from one to before another."""

    begins: Mapping[int, int]
    ends: Mapping[int, int]

    def holds(self, place: Place) -> bool:
        """Whether a place lies in it."""
        return self.begins.get(place.partition, 0) <= place.offset < self.ends.get(place.partition, 0)


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Copies of batches in enriched beyond those in raw, and those that are missing there without a reason."""

    surplus: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`lost` and `duplicated` count deliveries of segments; a row that differs in anything else counts as one.

    A batch that enriched has too often or lacks counts as one as well: neither deduplication nor healing may hide
    what a transaction has done wrong.
    """

    lost: int
    duplicated: int
    differences: tuple[Difference, ...]
    copies: Copies

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing counted twice."""
        return self.lost == self.duplicated == 0


def judge(expected: Mapping[Key, Amount], billed: Mapping[Key, Amount], copies: Copies) -> Verdict:
    """Compare the bill with the account row by row, and add what enriched has wrong."""
    differences = tuple(compare(expected, billed))
    return Verdict(
        lost=copies.missing + sum(_excess(row.expected, row.billed) for row in differences),
        duplicated=copies.surplus + sum(_excess(row.billed, row.expected) for row in differences),
        differences=differences,
        copies=copies,
    )


def count_copies(raw: Places, seen: Places, stands: Places, expired: Sequence[Stretch]) -> Copies:
    """Compare the copies of every batch in raw with those in enriched.

    There they are counted twice: as the reader that ran all along has `seen` them, and as they `stand` in the end; the
    worse of the two counts. A copy may be missing if it stands in a stretch of raw whose transaction has `expired`.
    """
    counts = _counts(raw)
    most, least = _counts(seen) | _counts(stands), _counts(seen) & _counts(stands)
    missing = counts - least
    excused = Counter({batch: sum(_in_any(place, expired) for place in raw[batch]) for batch in missing})
    return Copies(surplus=(most - counts).total(), missing=(missing - excused).total())


def _counts(places: Places) -> Counter[bytes]:
    return Counter({batch: len(copies) for batch, copies in places.items()})


def _in_any(place: Place, stretches: Sequence[Stretch]) -> bool:
    return any(stretch.holds(place) for stretch in stretches)


def _excess(more: Amount | None, less: Amount | None) -> int:
    """Deliveries that one row has beyond the other; 1 where it has but more time or bytes, or is but there."""
    if more is None:
        return 0
    if less is None:
        return max(1, more.deliveries)
    if more.deliveries > less.deliveries:
        return more.deliveries - less.deliveries
    return int(more.delivered_ms > less.delivered_ms or more.bytes > less.bytes)
