"""What became of every line that was collected, added up: the reading beside the audit's verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Boot ids of runs that replay dead letters begin so.
REPLAY_BOOT: Final = "dead-letters-"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Sums over hours, each batch counted once; `copies` is how often further copies of them arrived.

    A line that was rejected, and later replayed as a dead letter, is in `rejected` as ever, and in `records` as its
    replay's; `replayed` says how many of the records are such.
    """

    batches: int = 0
    copies: int = 0
    records: int = 0
    replayed: int = 0
    #: Records by outcome of the billing rule, and lines that became no record by reason.
    outcomes: Mapping[str, int]
    rejected: Mapping[str, int]


def from_rows(rows: Sequence[tuple[str, str, int]]) -> Account:
    """Collect the rows (kind, name, count) of `audit_account.sql`."""
    single = {kind: count for kind, _, count in rows if kind in ("batches", "copies", "records", "replayed")}
    return Account(**single, outcomes=_named(rows, "outcome"), rejected=_named(rows, "rejected"))


def lines(account: Account) -> list[str]:
    """The account for people, the biggest numbers first."""
    rejected, replayed = sum(account.rejected.values()), account.replayed
    return [
        f"{account.batches:,} batches ({account.copies:,} further copies dropped)",
        f"{account.records:,} records: {_listed(account.outcomes)}",
        f"{rejected:,} rejected lines ({replayed:,} replayed): {_listed(account.rejected)}",
    ]


def _named(rows: Sequence[tuple[str, str, int]], wanted: str) -> dict[str, int]:
    return {name: count for kind, name, count in rows if kind == wanted}


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or "none"
