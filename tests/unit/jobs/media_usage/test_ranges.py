from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.ranges import Ranges

SHARES = st.lists(st.integers(0, 4_004), max_size=8)


def test_ranges_bill_their_shares_until_the_segment_has_billed_whole() -> None:
    ranges: Ranges[str] = Ranges()
    assert [ranges.add("v", share_ms, 4_004) for share_ms in (1_000, 3_000, 500, 4_004)] == [1_000, 3_000, 4, 0]
    assert ranges.billed_ms == {"v": 4_004}


def test_viewings_do_not_share_a_segment() -> None:
    ranges: Ranges[str] = Ranges()
    assert [ranges.add(viewing, 3_000, 4_004) for viewing in "ababc"] == [3_000, 3_000, 1_004, 1_004, 3_000]


def test_what_was_billed_before_is_asked_once_a_viewing_and_counts() -> None:
    asked: list[str] = []

    def before(viewing: str) -> int:
        asked.append(viewing)
        return {"v": 4_000}.get(viewing, 0)

    ranges = Ranges(before)
    assert [ranges.add(viewing, 1_000, 4_004) for viewing in "vvw"] == [4, 0, 1_000]
    assert asked == ["v", "w"]
    assert ranges.billed_ms == {"v": 4_004, "w": 1_000}


def test_nothing_is_taken_back_where_a_segment_has_become_shorter() -> None:
    assert Ranges[str](lambda _: 5_000).add("v", 1_000, 4_004) == 0


@given(shares=SHARES, data=st.data())
def test_the_sum_has_its_bounds_and_no_order(shares: list[int], data: st.DataObject) -> None:
    in_order, shuffled = Ranges[str](), Ranges[str]()
    total = sum(in_order.add("v", share_ms, 4_004) for share_ms in shares)
    assert max(shares, default=0) <= total <= 4_004
    assert total == min(sum(shares), 4_004)
    assert sum(shuffled.add("v", share_ms, 4_004) for share_ms in data.draw(st.permutations(shares))) == total


@given(batches=st.lists(SHARES, max_size=5), data=st.data())
def test_batches_that_know_of_each_other_bill_as_one(batches: list[list[int]], data: st.DataObject) -> None:
    state: dict[str, int] = {}
    total = 0
    for shares in data.draw(st.permutations(batches)):
        ranges = Ranges[str](lambda viewing: state.get(viewing, 0))
        total += sum(ranges.add("v", share_ms, 4_004) for share_ms in shares)
        state.update(ranges.billed_ms)
    assert total == min(sum(map(sum, batches)), 4_004)
