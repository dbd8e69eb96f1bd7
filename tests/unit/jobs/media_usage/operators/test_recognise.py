"""The operator without Flink: a dictionary for state, a list for timers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from jobs.media_usage import statements, wire
from jobs.media_usage.batch_tally import BatchTally, LedgerRow, tally_batch
from jobs.media_usage.operators.outputs import corrections
from jobs.media_usage.operators.recognise import RecogniseFunction
from jobs.media_usage.repeated_lines import Line, Lines
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
KEY = UsageKey("env-1", "a1", "1080p")
WHOLE = Line("billed", tuple(KEY), 4000, 100)
#: Three quarters of a segment.
RANGE = Line("billed-range", tuple(KEY), 3000, 75, viewing="someone", segment_ms=4000)


class MapState(dict[str, int]):
    """A Flink map state of one key."""

    contains = dict.__contains__
    put_all = dict.update


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def inc(self, count: int) -> None:
        self.count += count


class Texts(dict[str, str]):
    """A Flink map state of one key."""

    put = dict.__setitem__


class Harness:
    """One key's view of the operator; moving the watermark fires its timers."""

    def __init__(self) -> None:
        self.function = RecogniseFunction()
        self.function._identities = self.state = MapState()  # what open() takes from Flink
        self.function._ranges_ms = self.ranges_ms = MapState()
        self.function._waiting = self.waiting = Texts()
        self.function._repeated = self.repeated = Counter()
        self.timers: set[int] = set()
        self.now = HOUR
        self.key = ""

    def send(self, tally: BatchTally, *identities: str, line: Line = WHOLE) -> list[tuple[str, Any]]:
        """(output, value) for everything that comes out; rows as tuples. Every line of the batch is `line`."""
        lines = Lines(list(identities), [line] * len(identities))
        message = wire.by_source_and_hour(tally, wire.tallied(tally, lines))
        self.key = wire.key_of(message)
        return [plain(out) for out in self.function.process_element(message, self.context())]

    def watermark(self, moment: int) -> list[tuple[str, Any]]:
        """Move event time on; gives what the timers that became due let out."""
        self.now = moment
        due = sorted(timer for timer in self.timers if timer <= moment)
        self.timers -= set(due)
        return [plain(out) for timer in due for out in self.function.on_timer(timer, self.context())]

    def context(self) -> Any:
        service = SimpleNamespace(register_event_time_timer=self.timers.add, current_watermark=lambda: self.now)
        return SimpleNamespace(timer_service=lambda: service, get_current_key=lambda: self.key)


def plain(out: Any) -> tuple[str, Any]:
    """Of a batch's row what stands in its tally, and its corrections; test_outputs.py has the rest."""
    if not isinstance(out, tuple):
        return "usage", out
    name, row = out[0].tag_id, tuple(out[1])
    return name, (*row[: len(LedgerRow._fields)], *row[len(statements.LEDGER.parameters) :])


def correction(ledger: LedgerRow, sums: Sums) -> tuple[str, Any]:
    """The row of a late batch that bills one key."""
    return "corrections", (*ledger, corrections({KEY: sums}))


def tallied(delivery_id: str, published_at_ms: int | None = None, count: int = 2) -> BatchTally:
    records = [delivery("/a1/1080p/segment-1.ts") for _ in range(count)]
    tally = tally_batch(
        batch(records, hour_ms=HOUR, delivery_id=delivery_id, published_at_ms=published_at_ms), RULES["1"]
    )
    ledger = tally.ledger._replace(billed_ms=4000 * count, outcomes=f'{{"billed":{count}}}')
    return BatchTally(ledger, {KEY: Sums(4000 * count, count, 100 * count, count)})


def test_a_batch_of_new_lines_comes_out_as_any_other() -> None:
    tally, harness = tallied("d1"), Harness()
    assert harness.send(tally, "id-1", "id-2") == [
        ("ledger", tuple(tally.ledger)),
        *(("usage", message) for message in wire.usage_messages(tally)),
    ]
    assert harness.repeated.count == 0


def test_a_repeated_line_is_not_counted_again_and_stands_in_the_ledger() -> None:
    harness, again = Harness(), tallied("d2")
    harness.send(tallied("d1"), "id-1", "id-2")
    left = BatchTally(
        again.ledger._replace(billed_ms=4000, outcomes='{"billed":1,"repeated-line":1}'), {KEY: Sums(4000, 1, 100, 2)}
    )
    assert harness.send(again, "id-2", "id-3") == [
        ("ledger", tuple(left.ledger)),
        *(("usage", message) for message in wire.usage_messages(left)),
    ]
    assert harness.repeated.count == 1


ON_TIME_COMPLETE = HOUR + HOUR_MS + 48 * HOUR_MS
FORGOTTEN = HOUR + HOUR_MS + 73 * HOUR_MS
LATE_MS = HOUR + 60 * HOUR_MS


def waiting(late: BatchTally) -> tuple[str, Any]:
    outcomes = f'{{"waiting-for-on-time-batches":{late.ledger.records}}}'
    return ("ledger", tuple(late.ledger._replace(billed_ms=0, outcomes=outcomes)))


def test_the_correction_of_a_late_batch_writes_its_key_with_zeros() -> None:
    harness, late = Harness(), tallied("d2", published_at_ms=LATE_MS)
    harness.send(tallied("d1"), "id-1", "id-2")
    harness.watermark(ON_TIME_COMPLETE)
    left = late.ledger._replace(billed_ms=0, outcomes='{"repeated-line":2}')
    assert harness.send(late, "id-1", "id-2") == [correction(left, Sums(0, 0, 0, 2))]


def test_a_late_batch_waits_for_the_on_time_batches_of_its_hour() -> None:
    """A replay may read it first: what stands in both would count in the correction, and not in the window."""
    harness, late, on_time = Harness(), tallied("d2", published_at_ms=LATE_MS), tallied("d1")
    assert harness.send(late, "id-1", "id-2") == [waiting(late)]
    assert harness.send(on_time, "id-2", "id-3") == [
        ("ledger", tuple(on_time.ledger)),
        *(("usage", message) for message in wire.usage_messages(on_time)),
    ]
    assert harness.watermark(ON_TIME_COMPLETE - 1) == []
    left = late.ledger._replace(billed_ms=4000, outcomes='{"billed":1,"repeated-line":1}')
    assert harness.watermark(ON_TIME_COMPLETE) == [correction(left, Sums(4000, 1, 100, 2))]
    assert harness.waiting == {}
    assert harness.watermark(ON_TIME_COMPLETE + HOUR_MS) == []


def test_a_watermark_that_jumps_over_everything_counts_what_waits_before_it_forgets() -> None:
    harness, late = Harness(), tallied("d2", published_at_ms=LATE_MS)
    harness.send(tallied("d1"), "id-1", "id-2")
    harness.send(late, "id-2", "id-3")
    left = late.ledger._replace(billed_ms=4000, outcomes='{"billed":1,"repeated-line":1}')
    assert harness.watermark(FORGOTTEN + HOUR_MS) == [correction(left, Sums(4000, 1, 100, 2))]
    assert (harness.state, harness.waiting) == ({}, {})


def test_identities_are_kept_as_long_as_the_windows_and_then_forgotten() -> None:
    harness = Harness()
    harness.send(tallied("d1"), "id-1", "id-2")
    harness.send(tallied("d2", count=1), "id-3", line=RANGE)
    assert harness.timers == {FORGOTTEN}
    assert harness.watermark(FORGOTTEN - 1) == []
    assert (sorted(harness.state), dict(harness.ranges_ms)) == (["id-1", "id-2", "id-3"], {"someone": 3000})
    assert harness.watermark(FORGOTTEN) == []
    assert (harness.state, harness.ranges_ms) == ({}, {})


def test_ranges_of_a_segment_bill_it_once_over_the_batches_of_an_hour() -> None:
    harness, second = Harness(), tallied("d2", count=1)
    harness.send(tallied("d1", count=1), "id-1", line=RANGE)
    left = BatchTally(
        second.ledger._replace(billed_ms=1000, outcomes='{"billed-range":1}'), {KEY: Sums(1000, 1, 75, 1)}
    )
    assert harness.send(second, "id-2", line=RANGE) == [
        ("ledger", tuple(left.ledger)),
        *(("usage", message) for message in wire.usage_messages(left)),
    ]
    assert harness.ranges_ms == {"someone": 4000}
