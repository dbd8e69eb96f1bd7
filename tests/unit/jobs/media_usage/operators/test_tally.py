from __future__ import annotations

from types import SimpleNamespace

import pytest

from jobs.build import BuildMismatch
from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.operators.tally import TallyFunction
from schemas.batch import InvalidBatch
from tests.support.batches import HOUR_MS, batch, delivery, heartbeat

HOUR = 490_000 * HOUR_MS
CONTEXT = SimpleNamespace()


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def inc(self, n: int = 1) -> None:
        self.count += n


def opened() -> tuple[TallyFunction, Counter]:
    function, counter = TallyFunction(), Counter()
    function.open(SimpleNamespace(get_metrics_group=lambda: SimpleNamespace(counter=lambda name: counter)))
    return function, counter


def test_a_batch_is_tallied_and_its_records_are_counted() -> None:
    function, counter = opened()
    made = batch([delivery("/a1/master.m3u8")] * 3, hour_ms=HOUR)
    assert list(function.process_element(made.SerializeToString(), CONTEXT)) == [wire.tallied(tally_batch(made))]
    assert counter.count == 3


def test_a_heartbeat_passes_on() -> None:
    function, _ = opened()
    beat = heartbeat("key-1", HOUR)
    (message,) = function.process_element(beat.SerializeToString(), CONTEXT)
    assert message == wire.heartbeat(beat.header.heartbeat)


def test_a_message_that_breaks_the_contract_stops_the_job() -> None:
    function, _ = opened()
    with pytest.raises(InvalidBatch):
        list(function.process_element(b"junk", CONTEXT))


def test_another_build_does_not_start() -> None:
    function = TallyFunction()
    function._build = "old"
    with pytest.raises(BuildMismatch):
        function.open(SimpleNamespace())
