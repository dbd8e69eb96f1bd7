"""Bills are compared row by row, and no two errors cancel each other out."""

from __future__ import annotations

import pytest

from local.traffic.comparison import Difference, compare, show_differences
from local.traffic.oracle import Amount, Key

HOUR_MS = 1_795_417_200_000


def about(asset: str, tier: str = "1080p", hour: int = 0) -> Key:
    return Key(HOUR_MS + hour * 3_600_000, "env-a", asset, tier)


EXPECTED = {about("film"): Amount(10_000, 3, 900), about("song", "audio-only"): Amount(500, 1, 20)}


@pytest.mark.parametrize(
    ("billed", "differences"),
    [
        pytest.param(EXPECTED, [], id="equal"),
        pytest.param(
            {about("film"): EXPECTED[about("film")]},
            [Difference(about("song", "audio-only"), Amount(500, 1, 20), None)],
            id="row-missing",
        ),
        pytest.param(
            EXPECTED | {about("ghost"): Amount(0, 0, 1)},
            [Difference(about("ghost"), None, Amount(0, 0, 1))],
            id="row-too-many",
        ),
        pytest.param(
            EXPECTED | {about("film"): Amount(10_000, 3, 901)},
            [Difference(about("film"), Amount(10_000, 3, 900), Amount(10_000, 3, 901))],
            id="a-byte-too-many",
        ),
        pytest.param(
            {about("film"): Amount(10_500, 3, 900), about("song", "audio-only"): Amount(0, 1, 20)},
            [
                Difference(about("film"), Amount(10_000, 3, 900), Amount(10_500, 3, 900)),
                Difference(about("song", "audio-only"), Amount(500, 1, 20), Amount(0, 1, 20)),
            ],
            id="two-errors-with-the-right-sum",
        ),
    ],
)
def test_rows_differ(billed: dict[Key, Amount], differences: list[Difference]) -> None:
    assert compare(EXPECTED, billed) == differences


def test_differences_come_in_the_order_of_hours() -> None:
    billed = {about("a", hour=2): Amount(1, 1, 1), about("b", hour=1): Amount(1, 1, 1)}
    assert [difference.about for difference in compare({}, billed)] == [about("b", hour=1), about("a", hour=2)]


def test_a_difference_names_its_row_and_both_sides() -> None:
    shown = show_differences([Difference(about("film"), None, Amount(1, 2, 3))])
    assert shown == (
        "  2026-11-23T07 env-a film 1080p: expected None, billed Amount(delivered_ms=1, deliveries=2, bytes=3)"
    )


def test_only_the_first_differences_are_shown() -> None:
    many = [Difference(about(f"asset-{number}"), None, Amount(1, 1, 1)) for number in range(27)]
    shown = show_differences(many).splitlines()
    assert len(shown) == 21
    assert shown[-1] == "  ... and 7 more"
