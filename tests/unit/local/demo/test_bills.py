"""The demo's bills as a table, and its last line."""

from __future__ import annotations

from local.demo import bills
from local.demo.findings import Bill
from local.traffic.oracle import Amount, Key

HOUR_MS = 1_795_417_200_000


def about(asset: str, tier: str = "1080p", hour: int = 0) -> Key:
    return Key(HOUR_MS + hour * 3_600_000, "env-a", asset, tier)


EXPECTED = {about("film"): Amount(10_000, 3, 900), about("song", "audio-only"): Amount(500, 1, 20)}


def test_the_verdict_of_equal_bills() -> None:
    assert bills.verdict(EXPECTED, EXPECTED) == "demo: expected_ms=10500 billed_ms=10500 rows=2 difference=0"


def test_the_verdict_counts_rows_even_where_the_sums_are_equal() -> None:
    billed = {about("film"): Amount(10_500, 3, 900), about("song", "audio-only"): Amount(0, 1, 20)}
    assert bills.verdict(EXPECTED, billed) == "demo: expected_ms=10500 billed_ms=10500 rows=2 difference=2"


def test_the_biggest_bills_as_a_table() -> None:
    table = bills.show_biggest(
        [
            Bill("env-sportivo", "goal-of-the-year", Amount(1_455_611_274, 262_666, 1_219_100_000_000)),
            Bill("env-radio-eins", "podcast-0000", Amount(61_001, 1, 5)),
        ]
    )
    assert table == (
        "  environment      asset                       minutes  deliveries       GB\n"
        "  env-sportivo     goal-of-the-year      24,260:11.274     262,666  1,219.1\n"
        "  env-radio-eins   podcast-0000               1:01.001           1      0.0"
    )
