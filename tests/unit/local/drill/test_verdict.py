"""Losses and duplicates are counted side by side, and neither makes up for the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.drill.verdict import Copies, Place, Places, Stretch, count_copies, judge
from local.traffic.oracle import Amount, Key

FILM, SONG = Key(0, "env-a", "film", "1080p"), Key(3_600_000, "env-b", "song", "audio-only")
NO_COPIES = Copies(surplus=0, missing=0)
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
    verdict = judge(EXPECTED, billed, NO_COPIES)
    assert (verdict.lost, verdict.duplicated) == (lost, duplicated)
    assert verdict.clean == (billed == EXPECTED)


def places(**copies: list[tuple[int, int]]) -> Places:
    return {batch.encode(): [Place(*place) for place in found] for batch, found in copies.items()}


RAW = places(a=[(0, 0), (1, 5)], b=[(0, 1)])
EXPIRED = [Stretch({0: 1}, {0: 3, 1: 2})]


@pytest.mark.parametrize(
    ("enriched", "surplus", "missing"),
    [
        pytest.param(RAW, 0, 0, id="the-same-copies"),
        pytest.param(places(a=[(0, 9), (0, 3)], b=[(1, 1)]), 0, 0, id="at-other-places"),
        pytest.param(places(a=[(0, 0), (0, 1), (0, 2)], b=[(0, 3)]), 1, 0, id="a-copy-more"),
        pytest.param(places(a=[(0, 0)], b=[(0, 1)]), 0, 1, id="a-copy-less"),
        pytest.param(places(a=[(0, 0), (1, 5)]), 0, 0, id="missing-where-a-transaction-expired"),
        pytest.param(places(a=[(0, 0), (0, 1), (0, 2)]), 1, 0, id="one-less-makes-up-for-none-more"),
        pytest.param(places(b=[(0, 1)], c=[(0, 0)]), 1, 2, id="another-batch-instead"),
        pytest.param({}, 0, 2, id="all-gone"),
    ],
)
def test_copies_in_enriched_are_those_in_raw(enriched: Places, surplus: int, missing: int) -> None:
    copies = Copies(surplus=surplus, missing=missing)
    assert count_copies(RAW, enriched, enriched, EXPIRED) == copies
    verdict = judge(EXPECTED, EXPECTED, copies)
    assert (verdict.lost, verdict.duplicated, verdict.clean) == (missing, surplus, surplus == missing == 0)


def test_what_only_the_concurrent_reader_has_seen_is_too_much() -> None:
    seen = places(a=[(0, 0), (1, 5)], b=[(0, 1), (0, 7)])
    assert count_copies(RAW, seen, RAW, []) == Copies(surplus=1, missing=0)


def test_what_the_concurrent_reader_has_not_seen_is_missing() -> None:
    assert count_copies(RAW, places(a=[(0, 0), (1, 5)]), RAW, []) == Copies(surplus=0, missing=1)


@pytest.mark.parametrize(
    ("place", "held"),
    [
        pytest.param(Place(0, 1), True, id="its-first"),
        pytest.param(Place(0, 2), True, id="its-last"),
        pytest.param(Place(0, 3), False, id="after-it"),
        pytest.param(Place(0, 0), False, id="before-it"),
        pytest.param(Place(1, 0), True, id="a-partition-from-its-beginning"),
        pytest.param(Place(2, 0), False, id="a-partition-that-it-knows-nothing-of"),
    ],
)
def test_a_stretch_is_half_open(place: Place, held: bool) -> None:
    assert EXPIRED[0].holds(place) is held


_BILLS = st.dictionaries(
    st.sampled_from([FILM, SONG, FILM._replace(tier="2160p")]),
    st.builds(Amount, st.integers(0, 9), st.integers(0, 3), st.integers(0, 5)),
)


@given(_BILLS, _BILLS)
def test_what_one_side_has_lost_the_other_has_twice(one: dict[Key, Amount], other: dict[Key, Amount]) -> None:
    forth, back = judge(one, other, NO_COPIES), judge(other, one, NO_COPIES)
    assert (forth.lost, forth.duplicated) == (back.duplicated, back.lost)


@given(_BILLS, _BILLS)
def test_no_difference_is_clean(one: dict[Key, Amount], other: dict[Key, Amount]) -> None:
    verdict = judge(one, other, NO_COPIES)
    assert verdict.clean == (not verdict.differences)
