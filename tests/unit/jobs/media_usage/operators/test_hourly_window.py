"""The operator without Flink: a dictionary for state, a set of timers, a watermark that the test moves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.operators.hourly_window import HourlyWindow, fires_at, forgotten_at
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
LOW, HIGH = UsageKey("env-1", "a1", "up-to-720p"), UsageKey("env-1", "a1", "1080p")  # of one asset, hence one bucket


class State(dict[str, str]):
    """Map state of one key."""

    def put(self, key: str, value: str) -> None:
        self[key] = value


class Harness:
    """One hour and bucket's view of the operator; moving the watermark fires its timers."""

    def __init__(self) -> None:
        self.function = HourlyWindow()
        self.state = State()
        self.function._sums = self.state
        self.timers: set[int] = set()
        self.now = HOUR - HOUR_MS
        self.key = wire.key_of(message({LOW: Sums()}))

    def context(self) -> Any:
        service = SimpleNamespace(register_event_time_timer=self.timers.add, current_watermark=lambda: self.now)
        return SimpleNamespace(timer_service=lambda: service, get_current_key=lambda: self.key)

    def send(self, usage: dict[UsageKey, Sums]) -> list[Any]:
        return [plain(out) for out in self.function.process_element(message(usage), self.context())]

    def watermark(self, moment: int) -> list[Any]:
        """Move event time on; gives what the timers that became due let out."""
        self.now = moment
        due = sorted(timer for timer in self.timers if timer <= moment)
        self.timers -= set(due)
        return [plain(out) for timer in due for out in self.function.on_timer(timer, self.context())]


def message(usage: dict[UsageKey, Sums]) -> str:
    tallied = tally_batch(batch([delivery("/a1/master.m3u8")], hour_ms=HOUR))
    (made,) = wire.usage_messages(tallied._replace(usage=usage))
    return made


def plain(out: Any) -> Any:
    return (out[0].tag_id, out[1]) if isinstance(out, tuple) else tuple(out)


def test_a_window_fires_when_the_watermark_passes_its_hour() -> None:
    harness = Harness()
    assert harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)}) == []  # 10:05
    assert harness.send({LOW: Sums(500, 1, 10, 2)}) == []  # 10:59
    assert harness.watermark(fires_at(HOUR) - 1) == []  # 10:59:59.998
    assert harness.watermark(fires_at(HOUR)) == [  # 10:59:59.999: complete
        (HOUR, "env-1", "a1", "up-to-720p", 4500, 2, 110, 3),
        (HOUR, "env-1", "a1", "1080p", 10, 1, 10, 1),
    ]
    assert harness.watermark(HOUR + 5 * HOUR_MS) == []  # and only once


def test_a_later_arrival_fires_again_with_the_absolute_sum_of_its_own_rows() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1), HIGH: Sums(10, 1, 10, 1)})
    harness.watermark(fires_at(HOUR))
    assert harness.send({LOW: Sums(1, 1, 1, 1)}) == [(HOUR, "env-1", "a1", "up-to-720p", 4001, 2, 101, 2)]


def test_a_window_that_first_hears_of_its_hour_late_fires_at_once() -> None:
    harness = Harness()
    harness.now = fires_at(HOUR)
    assert harness.send({LOW: Sums(1, 1, 1, 1)}) == [(HOUR, "env-1", "a1", "up-to-720p", 1, 1, 1, 1)]
    assert harness.timers == {forgotten_at(HOUR)}


def test_a_window_is_forgotten_past_the_allowed_lateness_and_refuses_what_comes_after() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    harness.watermark(forgotten_at(HOUR) - 1)
    assert harness.send({LOW: Sums(1, 1, 1, 1)}) == [(HOUR, "env-1", "a1", "up-to-720p", 4001, 2, 101, 2)]
    assert harness.watermark(forgotten_at(HOUR)) == []
    assert harness.state == {}
    too_late = {LOW: Sums(1, 1, 1, 1)}
    assert harness.send(too_late) == [("beyond-lateness", message(too_late))]


def test_a_watermark_that_jumps_over_everything_still_fires_before_it_forgets() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    assert harness.watermark(HOUR + 1000 * HOUR_MS) == [(HOUR, "env-1", "a1", "up-to-720p", 4000, 1, 100, 1)]
    assert harness.state == {}


def test_sums_in_state_are_versioned_strings_of_integers() -> None:
    harness = Harness()
    harness.send({LOW: Sums(4000, 1, 100, 1)})
    assert harness.state == {"env-1\x1fa1\x1fup-to-720p": "1|4000|1|100|1"}


part = st.builds(Sums, st.integers(0, 9000), st.integers(0, 3), st.integers(0, 999), st.integers(1, 9))


@given(parts=st.lists(part, min_size=1), fired_after=st.integers(0, 20))
def test_the_last_row_is_the_full_sum_wherever_the_watermark_passes(parts: list[Sums], fired_after: int) -> None:
    harness, rows = Harness(), []
    for number, sums in enumerate(parts):
        if number == fired_after:
            rows += harness.watermark(fires_at(HOUR))
        rows += harness.send({LOW: sums})
    rows += harness.watermark(forgotten_at(HOUR))
    full = Sums()
    for sums in parts:
        full = full.plus(sums)
    assert rows[-1] == (HOUR, "env-1", "a1", "up-to-720p", *full)
