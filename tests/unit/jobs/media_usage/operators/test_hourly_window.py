from __future__ import annotations

from types import SimpleNamespace

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.operators.hourly_window import EmitUsage, SumAggregate
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch

HOUR = 490_000 * HOUR_MS
KEY = UsageKey("env-1", "a1", "1080p")


def message(sums: Sums) -> str:
    (made,) = wire.usage_messages(tally_batch(batch([], hour_ms=HOUR))._replace(usage={KEY: sums}))
    return made


def test_messages_add_up_in_what_is_stored() -> None:
    aggregate = SumAggregate()
    stored = aggregate.create_accumulator()
    for sums in (Sums(4000, 1, 100, 1), Sums(500, 1, 10, 2)):
        stored = aggregate.add(message(sums), stored)
    assert stored == "1|4500|2|110|3"
    assert aggregate.get_result(aggregate.merge(stored, "1|1|1|1|1")) == "1|4501|3|111|4"


def test_a_firing_is_a_row_of_the_absolute_sums() -> None:
    context = SimpleNamespace(window=lambda: SimpleNamespace(start=HOUR))
    rows = EmitUsage().process(wire.key_of(message(Sums())), context, ["1|4500|2|110|3"])
    assert [tuple(row) for row in rows] == [(HOUR, "env-1", "a1", "1080p", 4500, 2, 110, 3)]
