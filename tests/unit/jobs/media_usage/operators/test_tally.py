from __future__ import annotations

from types import SimpleNamespace

import pytest

from jobs.build import BuildMismatch
from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.billing_rule import tier
from jobs.media_usage.operators.tally import TallyFunction
from jobs.media_usage.rules import RULES, Rule, RuleSchedule, schedule
from schemas.batch import InvalidBatch
from tests.support.batches import HOUR_MS, batch, delivery, heartbeat

HOUR = 490_000 * HOUR_MS
CONTEXT = SimpleNamespace()


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def inc(self, n: int = 1) -> None:
        self.count += n


def opened(rules: RuleSchedule = schedule("1")) -> tuple[TallyFunction, Counter]:  # noqa: B008 -- immutable
    function, counter = TallyFunction(rules), Counter()
    function.open(SimpleNamespace(get_metrics_group=lambda: SimpleNamespace(counter=lambda name: counter)))
    return function, counter


def test_a_batch_is_tallied_and_its_records_are_counted() -> None:
    function, counter = opened()
    made = batch([delivery("/a1/master.m3u8")] * 3, hour_ms=HOUR)
    assert list(function.process_element(made.SerializeToString(), CONTEXT)) == [
        wire.tallied(tally_batch(made, RULES["1"]))
    ]
    assert counter.count == 3


def test_the_hour_of_a_batch_decides_which_rule_counts_it() -> None:
    free = Rule("free", lambda record, rendition: ("free", 0), tier)
    rules = RuleSchedule(rules=(RULES["1"], free), starts_ms=(HOUR + HOUR_MS,))
    function, _ = opened(rules)
    messages = [
        message
        for hour_ms in (HOUR, HOUR + HOUR_MS, HOUR + 2 * HOUR_MS)
        for message in function.process_element(
            batch([delivery("/a1/master.m3u8")], hour_ms=hour_ms).SerializeToString(), CONTEXT
        )
    ]
    rows = [wire.parse_batch(message).ledger for message in messages]
    assert [(row.rule_version, row.outcomes) for row in rows] == [
        ("1", '{"not-media":1}'),
        ("free", '{"free":1}'),
        ("free", '{"free":1}'),
    ]


def test_the_lines_of_a_batch_are_counted_by_the_rule_of_its_hour_too() -> None:
    function, _ = opened(RuleSchedule(rules=(Rule("free", lambda record, rendition: ("free", 0), tier),), starts_ms=()))
    made = batch([delivery("/a1/master.m3u8", request_id="r1")], hour_ms=HOUR)
    made.header.deduplicate_records = True
    [message] = function.process_element(made.SerializeToString(), CONTEXT)
    _, lines = wire.parse_lines(message)
    assert [line.outcome for line in lines.lines] == ["free"]


def test_a_heartbeat_passes_on() -> None:
    function, _ = opened()
    beat = heartbeat("key-1", HOUR)
    (message,) = function.process_element(beat.SerializeToString(), CONTEXT)
    assert message == wire.heartbeat(beat.header.heartbeat, beat.header.published_at_ms)


def test_a_message_that_breaks_the_contract_stops_the_job() -> None:
    function, _ = opened()
    with pytest.raises(InvalidBatch):
        list(function.process_element(b"junk", CONTEXT))


def test_another_build_does_not_start() -> None:
    function = TallyFunction(schedule("1"))
    function._build = "old"
    with pytest.raises(BuildMismatch):
        function.open(SimpleNamespace())
