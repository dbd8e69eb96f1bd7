"""What was measured, told."""

from __future__ import annotations

from local.sizing.figures import Phase, State, Stored


def test_topics_are_told_by_the_million_records_and_tables_by_the_row() -> None:
    before = Stored(raw=1, enriched=2, ledger=3, ledger_rows=4, usage=5, usage_rows=6)
    after = Stored(raw=60_001, enriched=40_002, ledger=803, ledger_rows=8, usage=1_005, usage_rows=16)
    phase = Phase(records=1_000, records_a_batch=250, took=after.less(before))
    assert phase.line() == (
        "sizing: records_a_batch=250 raw_mb_per_million=60 enriched_mb_per_million=40 ledger_bytes_per_batch=200"
        " usage_bytes_per_row=100"
    )


def test_nothing_is_no_bytes_a_row() -> None:
    line = Phase(records=1, records_a_batch=1, took=Stored()).line()
    assert line.endswith("ledger_bytes_per_batch=none usage_bytes_per_row=none")


def test_state_is_told_beside_what_the_formula_allows() -> None:
    assert State(bytes=7, allowed=9).line() == "sizing: state_bytes=7 state_bytes_allowed=9"
