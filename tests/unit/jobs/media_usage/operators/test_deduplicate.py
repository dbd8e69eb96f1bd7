"""The operator without Flink: a dictionary for state, a list for timers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage import statements, wire
from jobs.media_usage.batch_tally import BatchTally, LedgerRow, tally_batch
from jobs.media_usage.operators.deduplicate import DeduplicateFunction, Seen
from jobs.media_usage.operators.outputs import corrections
from jobs.media_usage.repeated_lines import Line, Lines
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.cdn_logs_pb2 import Heartbeat, SourceTotals
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
USAGE = {UsageKey("env-1", "a1", "1080p"): Sums(8000, 2, 200, 2), UsageKey("env-1", "a2", "1080p"): Sums(1, 1, 1, 1)}
LINES = Lines(["id-1"], [Line("billed", ("env-1", "a1", "1080p"), 4000, 100, "")])


class State:
    def __init__(self) -> None:
        self.stored: int | None = None

    def value(self) -> int | None:
        return self.stored

    def update(self, value: int) -> None:
        self.stored = value

    def clear(self) -> None:
        self.stored = None


class Harness:
    """One key's view of the operator."""

    def __init__(self) -> None:
        self.function = DeduplicateFunction()
        self.state = State()
        self.function._seen = self.state  # what open() takes from Flink
        self.timers: list[int] = []
        self.watermark = -(2**63)

    def send(self, message: str) -> list[tuple[str, Any]]:
        """(output, value) for everything that comes out; rows as tuples."""
        service = SimpleNamespace(
            register_event_time_timer=self.timers.append, current_watermark=lambda: self.watermark
        )
        context = SimpleNamespace(timer_service=lambda: service)
        return [
            (out[0].tag_id, out[1] if isinstance(out[1], str) else plain(tuple(out[1])))
            if isinstance(out, tuple)
            else ("usage", out)
            for out in self.function.process_element(message, context)
        ]


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of a batch's row what stands in its tally, and its corrections; test_outputs.py has the rest."""
    known = row[: len(LedgerRow._fields)]
    return (*known, *row[len(statements.LEDGER.parameters) :]) if len(row) > len(known) else row


def tallied(published_at_ms: int | None = None) -> BatchTally:
    made = batch([delivery("/a1/1080p/segment-1.ts")], hour_ms=HOUR, published_at_ms=published_at_ms)
    return tally_batch(made, RULES["1"])._replace(usage=USAGE)


def test_the_first_copy_of_an_on_time_batch_is_counted() -> None:
    tally, harness = tallied(), Harness()
    assert harness.send(wire.tallied(tally)) == [
        ("ledger", tuple(tally.ledger)),
        *(("usage", message) for message in wire.usage_messages(tally)),
    ]
    assert harness.timers == [HOUR + HOUR_MS + 73 * HOUR_MS]


def test_a_further_copy_is_only_counted_as_a_copy() -> None:
    tally, harness = tallied(), Harness()
    harness.send(wire.tallied(tally))
    assert harness.send(wire.tallied(tally)) == [("ledger", tuple(tally.ledger._replace(copies=1)))]
    assert harness.send(wire.tallied(tally)) == [("ledger", tuple(tally.ledger._replace(copies=2)))]


def test_a_batch_whose_lines_may_come_again_is_passed_on_once_and_counted_elsewhere() -> None:
    tally, harness = tallied(), Harness()
    message = wire.tallied(tally, LINES)
    assert harness.send(message) == [("lines", wire.by_source_and_hour(tally, message))]
    assert harness.send(message) == [("ledger", tuple(tally.ledger._replace(copies=1)))]


@pytest.mark.parametrize("watermark", [-(2**63), HOUR + 1000 * HOUR_MS], ids=["none yet", "long past"])
def test_a_late_batch_goes_to_corrections_and_never_to_a_window_whatever_the_watermark(watermark: int) -> None:
    tally, harness = tallied(HOUR + 60 * HOUR_MS), Harness()
    harness.watermark = watermark
    assert harness.send(wire.tallied(tally)) == [("corrections", (*tally.ledger, corrections(USAGE)))]


LATE_MS = HOUR + 60 * HOUR_MS
REMEMBERED = 73 * HOUR_MS


@pytest.mark.parametrize(
    ("published_at_ms", "lines", "until"),
    [
        pytest.param(HOUR + HOUR_MS, None, HOUR + HOUR_MS + REMEMBERED, id="on-time"),
        pytest.param(HOUR + HOUR_MS, LINES, HOUR + HOUR_MS + REMEMBERED, id="on-time-of-a-source-that-repeats-lines"),
        pytest.param(LATE_MS, LINES, LATE_MS + REMEMBERED, id="late-of-a-source-that-repeats-lines"),
    ],
)
def test_a_batch_that_comes_when_it_would_be_forgotten_is_left_to_the_ledger(
    published_at_ms: int, lines: Lines | None, until: int
) -> None:
    tally, harness = tallied(published_at_ms), Harness()
    harness.watermark = until
    for _ in range(2):
        [ledger, *usage] = harness.send(wire.tallied(tally, lines))
        assert ledger == ("ledger", tuple(tally.ledger._replace(path=f"if-absent:{tally.ledger.path}")))
        refused = [] if tally.ledger.path == "late" else wire.usage_messages(tally)
        assert usage == [("usage", message) for message in refused]
    assert (harness.state.stored, harness.timers) == (None, [])


@pytest.mark.parametrize("lines", [None, LINES], ids=["plain", "of a source that repeats lines"])
def test_a_millisecond_before_that_it_is_counted(lines: Lines | None) -> None:
    tally, harness = tallied(), Harness()
    harness.watermark = tally.remembered_until_ms - 1
    message = wire.tallied(tally, lines)
    counted = ("ledger", tuple(tally.ledger)) if lines is None else ("lines", wire.by_source_and_hour(tally, message))
    assert harness.send(message)[0] == counted


def test_a_late_copy_of_a_counted_batch_is_dropped_and_counted_where_the_batch_stands() -> None:
    harness = Harness()
    harness.send(wire.tallied(tallied()))
    late = tallied(HOUR + 60 * HOUR_MS)
    assert harness.send(wire.tallied(late)) == [("ledger", tuple(late.ledger._replace(path="window", copies=1)))]


def test_an_on_time_copy_behind_a_late_one_is_dropped_and_counted_where_the_batch_stands() -> None:
    harness, on_time = Harness(), tallied()
    harness.send(wire.tallied(tallied(HOUR + 60 * HOUR_MS)))
    assert harness.send(wire.tallied(on_time)) == [("ledger", tuple(on_time.ledger._replace(path="late", copies=1)))]
    # Its own time would be over before that of the first copy, and would end that.
    assert harness.timers == [HOUR + 60 * HOUR_MS + 73 * HOUR_MS]


@given(path=st.sampled_from(["window", "late"]), copies=st.integers(0, 2**60))
def test_what_is_remembered_of_a_batch_fits_one_integer(path: str, copies: int) -> None:
    assert Seen.decode(Seen(path, copies).encode()) == Seen(path, copies)


def test_a_batch_is_forgotten_when_its_timer_fires() -> None:
    harness = Harness()
    harness.send(wire.tallied(tallied()))
    assert list(harness.function.on_timer(harness.timers[0], SimpleNamespace())) == []
    assert harness.state.stored is None


def test_a_heartbeat_reports_totals_and_once_there_is_one_the_watermark() -> None:
    beat = Heartbeat(boot_id="boot-1", key="k", totals=[SourceTotals(source_id="fastly", batches=2, records=9)])
    harness = Harness()
    totals = ("collector-totals", ("boot-1", "fastly", 2, 9, 0, HOUR))
    assert harness.send(wire.heartbeat(beat, HOUR)) == [totals]
    harness.watermark = HOUR
    assert harness.send(wire.heartbeat(beat, HOUR)) == [totals, ("watermark", ("media-usage", HOUR))]
    assert harness.state.stored is None
