"""The rows that a batch becomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from jobs.media_usage.batch_tally import BatchTally, tally_batch
from jobs.media_usage.operators.outputs import BatchOutputs
from jobs.media_usage.rules import RULES
from jobs.media_usage.statements import LATE_BATCH, LEDGER, Statement
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
LATE_MS = HOUR + 60 * HOUR_MS
USAGE = {
    UsageKey("env-b", "a1", "1080p"): Sums(8000, 2, 200, 2),
    UsageKey("env-a", "a2", "1080p"): Sums(1, 1, 10, 1),
    UsageKey("env-b", "a1", "1440p"): Sums(500, 1, 50, 9),
}


TOLD = '{"env-a":[1,1,10],"env-b":[8500,3,250]}'
CORRECTIONS = (
    '[{"environment_id":"env-b","asset_id":"a1","tier":"1080p",'
    '"delivered_ms":8000,"deliveries":2,"bytes":200,"records":2},'
    '{"environment_id":"env-a","asset_id":"a2","tier":"1080p",'
    '"delivered_ms":1,"deliveries":1,"bytes":10,"records":1},'
    '{"environment_id":"env-b","asset_id":"a1","tier":"1440p",'
    '"delivered_ms":500,"deliveries":1,"bytes":50,"records":9}]'
)


def tallied(published_at_ms: int | None = None) -> BatchTally:
    made = batch([delivery("/a1/1080p/segment-1.ts")], hour_ms=HOUR, published_at_ms=published_at_ms)
    return tally_batch(made, RULES["1"])._replace(usage=USAGE)


def rows(outputs: Iterable[Any]) -> list[tuple[str, Any]]:
    """(output, values) of the rows among what an operator lets out."""
    return [(out[0].tag_id, tuple(out[1])) for out in outputs if isinstance(out, tuple)]


@pytest.mark.parametrize("compared", [False, True])
def test_the_ledger_keeps_what_an_on_time_batch_bills_to_each_environment(compared: bool) -> None:
    tally = tallied()
    assert rows(BatchOutputs().first_copy(tally, compared=compared)) == [("ledger", (*tally.ledger, TOLD, compared))]


@pytest.mark.parametrize("compared", [False, True])
def test_a_late_batch_is_one_row_with_its_account_and_all_its_corrections(compared: bool) -> None:
    tally = tallied(LATE_MS)
    assert rows(BatchOutputs().first_copy(tally, compared=compared)) == [
        ("corrections", (*tally.ledger, TOLD, compared, CORRECTIONS))
    ]


def test_a_late_batch_that_bills_nobody_says_so() -> None:
    """Another copy of it may have billed somebody: its corrections must go."""
    tally = tallied(LATE_MS)._replace(usage={})
    assert rows(BatchOutputs().first_copy(tally)) == [("corrections", (*tally.ledger, "{}", 0, "[]"))]


def test_a_copy_says_nothing_of_environments() -> None:
    ledger = tallied().ledger._replace(copies=1)
    assert rows([BatchOutputs().copy(ledger)]) == [("ledger", (*ledger, "", 0))]


def test_a_batch_that_waits_bills_nobody_yet() -> None:
    ledger = tallied(LATE_MS).ledger
    assert rows([BatchOutputs().waiting(ledger)]) == [("ledger", (*ledger, "{}", 1))]


@pytest.mark.parametrize("published_at_ms", [None, LATE_MS], ids=["on time", "late"])
def test_a_forgotten_batch_tells_what_it_would_bill(published_at_ms: int | None) -> None:
    tally = tallied(published_at_ms)
    row = tally.ledger._replace(path=f"if-absent:{tally.ledger.path}")
    assert rows(BatchOutputs().forgotten(tally)) == [("ledger", (*row, TOLD, 0))]


@pytest.mark.parametrize("statement", [LEDGER, LATE_BATCH], ids=["ledger", "corrections"])
def test_a_row_has_a_value_for_every_parameter_of_its_statement(statement: Statement) -> None:
    outputs, tally = BatchOutputs(), tallied(LATE_MS)
    [(_, row)] = rows([outputs.waiting(tally.ledger)] if statement is LEDGER else outputs.first_copy(tally))
    kinds = tuple("bigint" if isinstance(value, int) else "text" for value in row)
    assert kinds == statement.parameters
