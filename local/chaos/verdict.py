"""What was lost and what was counted twice: the bill against the account, enriched batches against raw ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from local.traffic.comparison import Difference, compare
from local.traffic.oracle import Amount, Key


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`lost` and `duplicated` count deliveries of segments; a row that differs in anything else counts as one.

    `surplus_copies` are batches that stand in enriched more often than in raw, each extra copy counted.
    """

    lost: int
    duplicated: int
    surplus_copies: int
    differences: tuple[Difference, ...]

    @property
    def duplicates(self) -> int:
        """On the bill and before it: deduplication must not hide what a transaction let through twice."""
        return self.duplicated + self.surplus_copies

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing counted twice."""
        return self.lost == 0 and self.duplicates == 0


def judge(
    expected: Mapping[Key, Amount], billed: Mapping[Key, Amount], raw: Counter[bytes], enriched: Counter[bytes]
) -> Verdict:
    """Compare the bill with the account row by row, and the copies of every batch in enriched with those in raw."""
    differences = tuple(compare(expected, billed))
    return Verdict(
        lost=sum(_excess(row.expected, row.billed) for row in differences),
        duplicated=sum(_excess(row.billed, row.expected) for row in differences),
        surplus_copies=(enriched - raw).total(),
        differences=differences,
    )


def _excess(more: Amount | None, less: Amount | None) -> int:
    """Deliveries that one row has beyond the other; 1 where it has but more time or bytes, or is but there."""
    if more is None:
        return 0
    if less is None:
        return max(1, more.deliveries)
    if more.deliveries > less.deliveries:
        return more.deliveries - less.deliveries
    return int(more.delivered_ms > less.delivered_ms or more.bytes > less.bytes)
