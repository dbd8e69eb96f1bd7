"""Losses and duplicates are counted side by side, and neither makes up for the other."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.chaos.verdict import judge
from local.traffic.oracle import Amount, Key

FILM, SONG = Key(0, "env-a", "film", "1080p"), Key(3_600_000, "env-b", "song", "audio-only")
EXPECTED = {FILM: Amount(10_000, 3, 900), SONG: Amount(500, 1, 20)}


@pytest.mark.parametrize(
    ("billed", "lost", "duplicated"),
    [
        pytest.param(EXPECTED, 0, 0, id="equal"),
        pytest.param({FILM: EXPECTED[FILM]}, 1, 0, id="row-missing"),
        pytest.param({}, 4, 0, id="nothing-billed"),
        pytest.param(EXPECTED | {FILM: Amount(6_000, 1, 300)}, 2, 0, id="two-deliveries-missing"),
        pytest.param(EXPECTED | {FILM: Amount(20_000, 6, 1_800)}, 0, 3, id="everything-twice"),
        pytest.param(EXPECTED | {FILM: Amount(9_999, 3, 900)}, 1, 0, id="a-millisecond-missing"),
        pytest.param(EXPECTED | {FILM: Amount(10_000, 3, 901)}, 0, 1, id="a-byte-too-many"),
        pytest.param(EXPECTED | {FILM: Amount(9_999, 3, 901)}, 1, 1, id="less-time-and-more-bytes"),
        pytest.param({FILM: Amount(6_000, 2, 600), SONG: Amount(900, 2, 40)}, 1, 1, id="one-lost-and-one-twice"),
        pytest.param(EXPECTED | {FILM._replace(tier="1440p"): Amount(4_000, 1, 5)}, 0, 1, id="a-row-too-many"),
        pytest.param(EXPECTED | {FILM._replace(tier="1440p"): Amount(0, 0, 0)}, 0, 1, id="a-row-of-nothing"),
    ],
)
def test_the_bill_is_compared_row_by_row(billed: dict[Key, Amount], lost: int, duplicated: int) -> None:
    verdict = judge(EXPECTED, billed, Counter(), Counter())
    assert (verdict.lost, verdict.duplicated, verdict.duplicates) == (lost, duplicated, duplicated)
    assert verdict.clean == (billed == EXPECTED)


@pytest.mark.parametrize(
    ("enriched", "surplus"),
    [
        pytest.param({b"a": 2, b"b": 1}, 0, id="the-same-copies"),
        pytest.param({b"a": 1}, 0, id="fewer-which-is-the-bills-affair"),
        pytest.param({b"a": 3, b"b": 1}, 1, id="one-copy-more"),
        pytest.param({b"a": 1, b"b": 4, b"c": 2}, 5, id="one-batch-less-makes-up-for-no-copy"),
    ],
)
def test_copies_in_enriched_beyond_those_in_raw_are_duplicates(enriched: dict[bytes, int], surplus: int) -> None:
    verdict = judge(EXPECTED, EXPECTED, Counter({b"a": 2, b"b": 1}), Counter(enriched))
    assert (verdict.surplus_copies, verdict.duplicates, verdict.clean) == (surplus, surplus, surplus == 0)


_BILLS = st.dictionaries(
    st.sampled_from([FILM, SONG, FILM._replace(tier="2160p")]),
    st.builds(Amount, st.integers(0, 9), st.integers(0, 3), st.integers(0, 5)),
)


@given(_BILLS, _BILLS)
def test_what_one_side_has_lost_the_other_has_twice(one: dict[Key, Amount], other: dict[Key, Amount]) -> None:
    forth, back = judge(one, other, Counter(), Counter()), judge(other, one, Counter(), Counter())
    assert (forth.lost, forth.duplicated) == (back.duplicated, back.lost)


@given(_BILLS, _BILLS)
def test_no_difference_is_clean(one: dict[Key, Amount], other: dict[Key, Amount]) -> None:
    verdict = judge(one, other, Counter(), Counter())
    assert verdict.clean == (not verdict.differences)
