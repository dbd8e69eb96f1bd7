"""Counts by source and minute, and silence, by a clock that the test turns."""

from __future__ import annotations

from collections import Counter

import pytest

from collectors.batches.event_times import EventTimes
from collectors.completeness.minutes import KEPT_MINUTES, Completeness, Minute, Report, SourceStatus
from tests.support.fake_kafka import TurnedClock

START = 1_795_417_245_000  # 45 s into a minute
MINUTE = 60_000
FIRST = START - 45_000


class World:
    def __init__(self) -> None:
        self.clock = TurnedClock(START)
        self.completeness = Completeness(self.clock, {"acme": 300, "batch": None})

    def accept(self, source_id: str = "acme", *, lines: int = 1, **rejected: int) -> EventTimes:
        events = EventTimes()
        events.add(self.clock.ms, [self.clock.ms - 2_000] * lines)
        self.completeness.promised(source_id, self.clock.ms)
        self.completeness.stored(
            source_id, lines=lines, line_bytes=10 * lines, rejected=Counter(rejected), events=events
        )
        return events

    def acme(self) -> SourceStatus:
        return self.completeness.report().sources[0]


def test_what_arrives_is_counted_by_source_and_minute() -> None:
    world = World()
    first = world.accept(lines=3, future=1)
    first.merge(world.accept(lines=2, future=2, old=1))
    world.completeness.refused("acme", "too-large")
    world.completeness.refused("acme", "too-large")
    world.clock.ms += 20_000
    second = world.accept(lines=7)
    assert world.completeness.report() == Report(
        started_ms=START,
        now_ms=START + 20_000,
        sources=[
            SourceStatus(
                id="acme",
                last_delivery_ms=START + 20_000,
                quiet_s=0,
                silent_after_s=300,
                silent=False,
                minutes=[
                    Minute(
                        minute_ms=FIRST,
                        deliveries=2,
                        lines=5,
                        bytes=50,
                        refused={"too-large": 2},
                        rejected={"future": 3, "old": 1},
                        events=first,
                    ),
                    Minute(minute_ms=FIRST + MINUTE, deliveries=1, lines=7, bytes=70, events=second),
                ],
            ),
            SourceStatus(id="batch", last_delivery_ms=None, quiet_s=20, silent_after_s=None, silent=False, minutes=[]),
        ],
    )


def test_a_source_is_silent_once_it_has_been_quiet_for_longer_than_it_may() -> None:
    world = World()
    world.accept()
    world.clock.ms += 300_000
    assert (world.acme().quiet_s, world.acme().silent) == (300, False)
    world.clock.ms += 1
    assert world.acme().silent
    world.accept()
    assert (world.acme().quiet_s, world.acme().silent) == (0, False)


def test_before_the_first_delivery_a_source_is_quiet_since_the_start() -> None:
    world = World()
    world.clock.ms += 301_000
    assert (world.acme().last_delivery_ms, world.acme().quiet_s, world.acme().silent) == (None, 301, True)


def test_a_promise_ends_a_silence_before_anything_is_stored() -> None:
    world = World()
    world.clock.ms += 301_000
    world.completeness.promised("acme", world.clock.ms)
    assert (world.acme().quiet_s, world.acme().silent, world.acme().minutes) == (0, False, [])


def test_a_delivery_that_waited_in_the_spool_is_no_news_of_its_source() -> None:
    world = World()
    world.completeness.promised("acme", START + 100_000)
    world.clock.ms += 500_000
    world.completeness.promised("acme", START)
    assert (world.acme().last_delivery_ms, world.acme().quiet_s, world.acme().silent) == (START + 100_000, 400, True)


def test_refused_deliveries_do_not_end_a_silence() -> None:
    world = World()
    world.clock.ms += 301_000
    world.completeness.refused("acme", "invalid-body")
    assert world.acme().silent
    assert world.acme().minutes[0].refused == {"invalid-body": 1}


def test_a_source_without_a_limit_is_never_silent() -> None:
    world = World()
    world.clock.ms += 1_000 * 3_600_000
    assert not world.completeness.report().sources[1].silent


def test_two_hours_are_remembered_whatever_comes() -> None:
    world = World()
    for _ in range(500):
        world.accept()
        world.clock.ms += MINUTE
    minutes = world.acme().minutes
    assert [minutes[0].minute_ms, minutes[-1].minute_ms] == [FIRST + 380 * MINUTE, FIRST + 499 * MINUTE]
    assert len(minutes) == KEPT_MINUTES


@pytest.mark.parametrize(
    ("asked", "told"),
    [(0, [FIRST + 9 * MINUTE]), (2, [FIRST + minute * MINUTE for minute in (7, 8, 9)])],
    ids=["the running minute", "two before it"],
)
def test_a_report_can_be_short(asked: int, told: list[int]) -> None:
    world = World()
    for _ in range(9):
        world.accept()
        world.clock.ms += MINUTE
    world.accept()
    assert [minute.minute_ms for minute in world.completeness.report(asked).sources[0].minutes] == told


def test_minutes_of_long_ago_are_not_told() -> None:
    world = World()
    world.accept()
    world.clock.ms += 24 * 3_600_000
    assert world.acme().minutes == []
