"""The account of all lines."""

from __future__ import annotations

from ops.account import Account, from_rows, lines

ROWS = [
    ("batches", "", 2),
    ("copies", "", 1),
    ("records", "", 1_010),
    ("replayed", "", 2),
    ("outcome", "manifest", 5),
    ("outcome", "billed", 1_000),
    ("outcome", "head", 5),
    ("rejected", "bad-json", 3),
]
ACCOUNT = Account(
    batches=2,
    copies=1,
    records=1_010,
    replayed=2,
    outcomes={"manifest": 5, "billed": 1_000, "head": 5},
    rejected={"bad-json": 3},
)


def test_rows_become_an_account() -> None:
    assert from_rows(ROWS) == ACCOUNT


def test_an_account_lists_the_biggest_numbers_first() -> None:
    assert lines(ACCOUNT) == [
        "2 batches (1 further copies dropped)",
        "1,010 records: billed 1,000, head 5, manifest 5",
        "3 rejected lines (2 replayed): bad-json 3",
    ]


def test_an_account_of_nothing_says_so() -> None:
    assert lines(Account(outcomes={}, rejected={})) == [
        "0 batches (0 further copies dropped)",
        "0 records: none",
        "0 rejected lines (0 replayed): none",
    ]
