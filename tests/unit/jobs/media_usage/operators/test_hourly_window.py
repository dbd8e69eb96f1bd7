"""The operator without Flink: a dictionary for state, a set of timers, a watermark that the test moves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.operators.hourly_window import HourlyWindow, fires_at, forgotten_at
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
LOW, HIGH = UsageKey("env-1", "a1", "up-to-720p"), UsageKey("env-1", "a1", "1080p")  # of one asset, hence one bucket


#: Real time between a change and the row that says so.
REFRESH = 60_000


class State(dict[str, str]):
    """Map state of one key."""

    def put(self, key: str, value: str) -> None:
        self[key] = value


class Value:
    """Value state of one key."""

    def __init__(self) -> None:
        self.stored: int | None = None

    def value(self) -> int | None:
        return self.stored

    def update(self, value: int) -> None:
        self.stored = value

    def clear(self) -> None:
        self.stored = None


class Harness:
    """One hour and bucket's view of the operator; moving the watermark or the clock fires its timers."""

    def __init__(self) -> None:
        self.state, self.refresh_at = State(), Value()
        self.event_timers: set[int] = set()
        self.clock_timers: set[int] = set()
        self.now = HOUR - HOUR_MS
        self.clock = 0
        self.key = wire.key_of(message({LOW: Sums()}))
        self.restore()

    def restore(self) -> None:
        """A new task takes over what a checkpoint has: states and timers."""
        self.function = HourlyWindow(REFRESH)
        self.function._sums, self.function._refresh_at = self.state, self.refresh_at

    def context(self) -> Any:
        service = SimpleNamespace(
            register_event_time_timer=self.event_timers.add,
            register_processing_time_timer=self.clock_timers.add,
            delete_processing_time_timer=self.clock_timers.discard,
            current_watermark=lambda: self.now,
            current_processing_time=lambda: self.clock,
        )
        return SimpleNamespace(timer_service=lambda: service, get_current_key=lambda: self.key)

    def send(self, usage: dict[UsageKey, Sums]) -> list[Any]:
        return [plain(out) for out in self.function.process_element(message(usage), self.context())]

    def watermark(self, moment: int) -> list[Any]:
        """Move event time on; gives what the timers that became due let out."""
        self.now = moment
        return self._fire(self.event_timers, moment)

    def wait(self, duration_ms: int) -> list[Any]:
        """Move real time on; likewise."""
        self.clock += duration_ms
        return self._fire(self.clock_timers, self.clock)

    def _fire(self, timers: set[int], moment: int) -> list[Any]:
        rows: list[Any] = []
        for due in sorted(timer for timer in timers if timer <= moment):
            timers.discard(due)
            rows += [plain(out) for out in self.function.on_timer(due, self.context())]
        return rows


def message(usage: dict[UsageKey, Sums]) -> str:
    tallied = tally_batch(batch([delivery("/a1/master.m3u8")], hour_ms=HOUR), RULES["1"])
    (made,) = wire.usage_messages(tallied._replace(usage=usage))
    return made


def plain(out: Any) -> Any:
    return (out[0].tag_id, out[1]) if isinstance(out, tuple) else tuple(out)


def low(*sums: int) -> Any:
    return (HOUR, *LOW, *sums)


def high(*sums: int) -> Any:
    return (HOUR, *HIGH, *sums)


def test_a_window_fires_when_the_watermark_passes_its_hour() -> None:
    harness = Harness()
    assert harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)}) == []  # 10:05
    assert harness.send({LOW: Sums(500, 1, 10, 2)}) == []  # 10:59
    assert harness.watermark(fires_at(HOUR) - 1) == []  # 10:59:59.998
    fired = harness.watermark(fires_at(HOUR))  # 10:59:59.999: complete
    assert sorted(fired) == [high(10, 1, 10, 1), low(4500, 2, 110, 3)]
    assert harness.watermark(HOUR + 5 * HOUR_MS) == []  # and only once


def test_a_change_is_written_after_a_refresh_interval_before_its_hour_has_passed() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)})
    harness.send({LOW: Sums(500, 1, 10, 2)})
    assert harness.wait(REFRESH - 1) == []
    assert sorted(harness.wait(1)) == [high(10, 1, 10, 1), low(4500, 2, 110, 3)]
    assert harness.wait(10 * REFRESH) == []


def test_only_what_has_changed_since_is_written_again() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)})
    harness.wait(REFRESH)
    harness.send({LOW: Sums(1, 1, 1, 1)})
    assert harness.wait(REFRESH) == [low(4001, 2, 101, 2)]
    assert harness.watermark(fires_at(HOUR)) == []


def test_a_later_arrival_is_written_after_a_refresh_interval_with_its_absolute_sum() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)})
    harness.watermark(fires_at(HOUR))
    assert harness.send({LOW: Sums(1, 1, 1, 1)}) == []
    assert harness.wait(REFRESH) == [low(4001, 2, 101, 2)]


def test_many_late_batches_cost_one_row_an_interval() -> None:
    harness = Harness()
    harness.watermark(fires_at(HOUR))
    rows = []
    for _ in range(180):
        harness.send({LOW: Sums(1, 1, 1, 1)})
        rows += harness.wait(1_000)
    assert rows == [low(60, 60, 60, 60), low(120, 120, 120, 120), low(180, 180, 180, 180)]


def test_a_firing_by_event_time_takes_the_place_of_a_refresh() -> None:
    harness = Harness()
    harness.send({LOW: Sums(1, 1, 1, 1)})
    harness.wait(REFRESH - 1)
    assert harness.watermark(fires_at(HOUR)) == [low(1, 1, 1, 1)]
    assert harness.clock_timers == set()
    harness.send({LOW: Sums(1, 1, 1, 1)})
    assert harness.wait(REFRESH - 1) == []
    assert harness.wait(1) == [low(2, 2, 2, 2)]


def test_a_window_is_forgotten_past_the_allowed_lateness_and_refuses_what_comes_after() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    harness.watermark(forgotten_at(HOUR) - 1)
    assert harness.state
    assert harness.watermark(forgotten_at(HOUR)) == []
    assert (harness.state, harness.refresh_at.stored) == ({}, None)
    too_late = {LOW: Sums(1, 1, 1, 1)}
    assert harness.send(too_late) == [("beyond-lateness", message(too_late))]


def test_what_has_changed_is_written_before_it_is_forgotten() -> None:
    """A catch-up moves the watermark over the allowed lateness within a refresh interval."""
    harness = Harness()
    harness.watermark(fires_at(HOUR))
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    assert harness.watermark(forgotten_at(HOUR)) == [low(4000, 1, 100, 1)]
    assert (harness.state, harness.refresh_at.stored, harness.clock_timers) == ({}, None, set())


def test_a_watermark_that_jumps_over_everything_still_fires_before_it_forgets() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    assert harness.watermark(HOUR + 1000 * HOUR_MS) == [low(4000, 1, 100, 1)]
    assert harness.state == {}


def test_a_restore_with_a_pending_refresh_writes_all_that_may_have_changed() -> None:
    harness = Harness()
    harness.send({LOW: Sums(1, 1, 1, 1), HIGH: Sums(10, 1, 10, 1)})
    harness.restore()
    assert sorted(harness.wait(REFRESH)) == [high(10, 1, 10, 1), low(1, 1, 1, 1)]


def test_a_change_after_a_restore_does_not_hide_one_from_before_it() -> None:
    harness = Harness()
    harness.watermark(fires_at(HOUR))
    harness.send({HIGH: Sums(10, 1, 10, 1)})
    harness.restore()
    harness.send({LOW: Sums(1, 1, 1, 1)})
    assert sorted(harness.wait(REFRESH)) == [high(10, 1, 10, 1), low(1, 1, 1, 1)]


def test_a_restore_with_a_pending_refresh_that_event_time_overtakes_loses_nothing() -> None:
    harness = Harness()
    harness.watermark(fires_at(HOUR))
    harness.send({LOW: Sums(1, 1, 1, 1)})
    harness.restore()
    assert harness.watermark(forgotten_at(HOUR)) == [low(1, 1, 1, 1)]


def test_a_restore_without_a_pending_change_writes_nothing() -> None:
    harness = Harness()
    harness.send({LOW: Sums(1, 1, 1, 1)})
    harness.wait(REFRESH)
    harness.restore()
    assert harness.watermark(fires_at(HOUR)) == []


def test_sums_in_state_are_versioned_strings_of_integers() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    assert harness.state == {"env-1\x1fa1\x1fup-to-720p": "1|4000|1|100|1"}


part = st.builds(Sums, st.integers(0, 9000), st.integers(0, 3), st.integers(0, 999), st.integers(1, 9))
event = st.one_of(
    part,
    st.sampled_from(["restore", "wait a second", "wait a refresh", "pass the hour"]),
)


@given(events=st.lists(event), jumps=st.booleans())
def test_the_last_row_of_a_window_is_its_full_sum_whatever_happens_between(
    events: list[Sums | str], jumps: bool
) -> None:
    harness, rows, full = Harness(), [], Sums()
    for what in events:
        if isinstance(what, Sums):
            full = full.plus(what)
            rows += harness.send({LOW: what})
        elif what == "restore":
            harness.restore()
        elif what == "pass the hour":
            rows += harness.watermark(fires_at(HOUR))
        else:
            rows += harness.wait(1_000 if what == "wait a second" else REFRESH)
    rows += harness.watermark(forgotten_at(HOUR) + HOUR_MS * jumps)
    assert rows[-1:] == ([low(*full)] if full.records else [])
    assert harness.state == {}
