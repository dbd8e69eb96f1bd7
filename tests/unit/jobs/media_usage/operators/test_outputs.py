"""The rows that a batch becomes."""

from __future__ import annotations

from jobs.media_usage.batch_tally import BatchTally, tally_batch
from jobs.media_usage.operators.outputs import BatchOutputs, environments
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
USAGE = {
    UsageKey("env-b", "a1", "1080p"): Sums(8000, 2, 200, 2),
    UsageKey("env-a", "a2", "1080p"): Sums(1, 1, 10, 1),
    UsageKey("env-b", "a1", "1440p"): Sums(500, 1, 50, 9),
}


def tallied() -> BatchTally:
    made = batch([delivery("/a1/1080p/segment-1.ts")], hour_ms=HOUR)
    return tally_batch(made, RULES["1"])._replace(usage=USAGE)


def test_the_ledger_keeps_what_a_batch_bills_to_each_environment() -> None:
    tally = tallied()
    tag, row = next(iter(BatchOutputs().first_copy(tally)))
    assert (tag.tag_id, tuple(row)) == ("ledger", (*tally.ledger, '{"env-a":[1,1,10],"env-b":[8500,3,250]}'))


def test_a_copy_says_nothing_of_environments() -> None:
    ledger = tallied().ledger._replace(copies=1)
    tag, row = BatchOutputs().copy(ledger)
    assert (tag.tag_id, tuple(row)) == ("ledger", (*ledger, ""))


def test_a_batch_that_bills_nobody_says_so() -> None:
    assert environments({}) == "{}"
