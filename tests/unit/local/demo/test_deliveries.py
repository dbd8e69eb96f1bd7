"""The plan of deliveries: every line sent, when its CDN would send it, with the retries of a real day."""

from __future__ import annotations

import gzip
from collections import Counter
from itertools import pairwise

import pytest

from local.demo.deliveries import (
    BEYOND_HORIZON,
    CLOCK_ENDS_MS,
    COPIED_LATE,
    DAY_MS,
    STEP_MS,
    Delivery,
    Dispatch,
    Step,
)
from local.demo.traffic import Traffic
from local.traffic import catalogue
from local.traffic.events import Cdn, Event
from local.traffic.oracle import HOUR_MS, Oracle

DAY = 1_795_392_000_000
HORIZON_MS = 48 * HOUR_MS
SECRETS = {cdn: f"secret-of-{cdn.value}-sources" for cdn in Cdn}
HOURS: list[list[Event]] = list(Traffic(catalogue.build(seed=1, count=30), DAY, seed=1, records=8_000).hours())
EVENTS = [event for hour in HOURS for event in hour]


def plan(seed: int = 1) -> list[Step]:
    return list(Dispatch(DAY, SECRETS, Oracle(), seed=seed).steps(HOURS))


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return plan()


@pytest.fixture(scope="module")
def deliveries(steps: list[Step]) -> list[Delivery]:
    return [delivery for step in steps for delivery in step.deliveries]


def test_the_same_seed_makes_the_same_plan(steps: list[Step]) -> None:
    assert plan() == steps
    assert plan(seed=2) != steps


def test_every_event_is_sent_once_and_copies_are_marked(deliveries: list[Delivery]) -> None:
    sent: Counter[Cdn] = Counter()
    for delivery in deliveries:
        sent[delivery.cdn] += 0 if delivery.is_copy else delivery.lines
    assert sent == Counter(event.viewer.cdn for event in EVENTS)


def test_the_oracle_counts_every_event_once(steps: list[Step]) -> None:
    once, planned = Oracle(), Oracle()
    for event in EVENTS:
        once.add(event)
    for _ in Dispatch(DAY, SECRETS, planned, seed=1).steps(HOURS):
        pass
    assert planned.bills() == once.bills()


def test_the_clock_only_goes_forward_and_ends_when_every_hour_is_settled(steps: list[Step]) -> None:
    clocks = [step.clock_ms for step in steps]
    assert all(one < other for one, other in pairwise(clocks))
    assert clocks[0] == DAY + STEP_MS
    assert clocks[-1] == DAY + CLOCK_ENDS_MS > DAY + DAY_MS + 76 * HOUR_MS


def test_nothing_is_sent_before_it_is_due_and_by_day_at_most_a_step_later(steps: list[Step]) -> None:
    for step in steps:
        for delivery in step.deliveries:
            assert 0 <= step.clock_ms - delivery.due_ms <= STEP_MS


def test_no_line_is_from_the_future_of_the_clock_that_it_is_sent_by(steps: list[Step]) -> None:
    for step in steps:
        for delivery in step.deliveries:
            if delivery.cdn is Cdn.CLOUDFLARE:
                ends = [int(part.split(b",")[0]) for part in decoded(delivery).split(b'"EdgeEndTimestamp":')[1:]]
                assert max(ends) // 1_000_000 < step.clock_ms


def decoded(delivery: Delivery) -> bytes:
    return gzip.decompress(delivery.wire.body)


def test_akamai_comes_three_hours_late(deliveries: list[Delivery]) -> None:
    due = [d.due_ms for d in deliveries if d.cdn is Cdn.AKAMAI and not d.is_copy]
    first_event = min(event.end_ms for event in EVENTS if event.viewer.cdn is Cdn.AKAMAI)
    assert 3 * HOUR_MS < due[0] - first_event <= 3 * HOUR_MS + 10 * 60_000
    assert due[-1] > DAY + DAY_MS


def test_one_delivery_comes_beyond_the_horizon_only(deliveries: list[Delivery]) -> None:
    late = [d for d in deliveries if d.due_ms > DAY + 2 * DAY_MS and not d.is_copy]
    assert [delivery.cdn for delivery in late] == [BEYOND_HORIZON[0]]
    ends = decoded(late[0]).split(b'"EdgeEndTimestamp":')[1:]
    first_hour_end_ms = int(ends[0].split(b",")[0]) // 1_000_000 // HOUR_MS * HOUR_MS + HOUR_MS
    assert late[0].due_ms > first_hour_end_ms + HORIZON_MS


def test_one_delivery_comes_on_time_and_once_more_beyond_the_horizon(deliveries: list[Delivery]) -> None:
    [late] = [d for d in deliveries if d.due_ms > DAY + 2 * DAY_MS and d.cdn is COPIED_LATE[0]]
    on_time = [d for d in deliveries if d.wire == late.wire and not d.is_copy]
    assert late.is_copy
    assert [late.due_ms - delivery.due_ms for delivery in on_time] == [HORIZON_MS + 2 * HOUR_MS]


def test_retries_go_to_the_other_collector_with_the_same_bytes(deliveries: list[Delivery]) -> None:
    first = {d.wire.body: d for d in deliveries if not d.is_copy}
    retries = [d for d in deliveries if d.is_copy and d.due_ms < DAY + 2 * DAY_MS]
    assert len(retries) > 5
    assert all(first[retry.wire.body].wire == retry.wire for retry in retries)
    assert any(first[retry.wire.body].collector != retry.collector for retry in retries)
    assert {retry.due_ms - first[retry.wire.body].due_ms for retry in retries} == {0, STEP_MS}


def test_some_deliveries_are_posted_three_times(deliveries: list[Delivery]) -> None:
    times = Counter(d.wire.body for d in deliveries)
    assert set(times.values()) == {1, 2, 3}


def test_both_collectors_get_syslog_each_in_its_framing(deliveries: list[Delivery]) -> None:
    syslog = [delivery for delivery in deliveries if delivery.cdn is Cdn.FASTLY]
    assert {(d.collector, d.wire.body[:1] == b"<") for d in syslog} == {(0, True), (1, False)}


def test_some_deliveries_hold_lines_of_two_hours(deliveries: list[Delivery]) -> None:
    ends = {(d.due_ms - 2 * 60_000) % HOUR_MS for d in deliveries if d.cdn is Cdn.CLOUDFRONT}
    assert 3 * 60_000 in ends
