"""When which lines are sent, to which collector and how often: deliveries of a whole day, step by step.

Among them are retries to the other collector, Akamai's three hours, one delivery beyond the billing horizon and one
late copy of a delivery that was on time.
"""

from __future__ import annotations

import heapq
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import Final

import msgspec
from msgspec.structs import replace

from local.traffic import wire
from local.traffic.events import Cdn, Event
from local.traffic.oracle import HOUR_MS, Oracle
from local.traffic.wire import Wire

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * HOUR_MS
#: The simulated clock goes on in steps of this: no longer than events may be ahead of a collector's clock, in case
#: one reads the clock a moment late.
STEP_MS: Final = 5 * MINUTE_MS
#: The last hour is settled 73 h after it began, by a watermark 3 h behind the clock.
CLOCK_ENDS_MS: Final = DAY_MS + 76 * HOUR_MS + MINUTE_MS
#: So much later a delivery is beyond the billing horizon: 48 h after the end of its hour, whatever its minute.
BEYOND_HORIZON_MS: Final = 50 * HOUR_MS
COLLECTORS: Final = 2
#: Shares of HTTP deliveries that are posted twice, or three times, because an answer got lost.
_TWICE: Final = 0.03
_THREE_TIMES: Final = 0.01


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often a CDN delivers and how long after the last line; `offset_ms` lets deliveries span two hours."""

    every_ms: int
    delay_ms: int
    offset_ms: int = 0


RHYTHMS: Final = {
    Cdn.FASTLY: Rhythm(every_ms=STEP_MS, delay_ms=0),
    Cdn.CLOUDFLARE: Rhythm(every_ms=STEP_MS, delay_ms=MINUTE_MS),
    Cdn.AKAMAI: Rhythm(every_ms=10 * MINUTE_MS, delay_ms=3 * HOUR_MS),
    Cdn.CLOUDFRONT: Rhythm(every_ms=10 * MINUTE_MS, delay_ms=2 * MINUTE_MS, offset_ms=3 * MINUTE_MS),
}
#: The first delivery of this CDN that starts at this time of the day, or later, comes beyond the horizon only ...
BEYOND_HORIZON: Final = (Cdn.CLOUDFLARE, 10 * HOUR_MS)
#: ... and the first of this one comes on time, and there once more.
COPIED_LATE: Final = (Cdn.CLOUDFRONT, 9 * HOUR_MS)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One sending of some lines to one collector, at the simulated time `due_ms` (epoch milliseconds)."""

    cdn: Cdn
    due_ms: int
    collector: int
    lines: int
    wire: Wire
    #: Whether another delivery holds the same lines and came first.
    is_copy: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is due once the simulated clock stands at `clock_ms`."""

    clock_ms: int
    deliveries: list[Delivery]


class Dispatch:
    """Turns the day's events, hour by hour, into steps, and has the oracle count each event once."""

    def __init__(self, day_ms: int, secrets: dict[Cdn, str], oracle: Oracle, *, seed: int) -> None:
        self._draw = random.Random(f"deliveries-{seed}")
        self._day_ms = day_ms
        self._secrets = secrets
        self._oracle = oracle
        self._open: defaultdict[tuple[Cdn, int], list[Event]] = defaultdict(list)
        self._due: list[tuple[int, int, Delivery]] = []
        self._order = count()
        self._mishaps = {BEYOND_HORIZON, COPIED_LATE}

    def steps(self, hours: Iterable[Sequence[Event]]) -> Iterator[Step]:
        """Yield the steps of the day in order, and of the three and more days until every hour is settled."""
        clock_ms = self._day_ms
        for number, events in enumerate(hours, start=1):
            self._collect(events)
            hour_end_ms = self._day_ms + number * HOUR_MS
            self._close_until(hour_end_ms)
            while clock_ms < hour_end_ms:
                clock_ms += STEP_MS
                yield self._step(clock_ms)
        yield from self._after_the_day(clock_ms)

    def _after_the_day(self, clock_ms: int) -> Iterator[Step]:
        self._close_until(self._day_ms + 2 * DAY_MS)
        end_ms = self._day_ms + CLOCK_ENDS_MS
        while self._due:
            # Nothing is due between: the clock may leap.
            clock_ms = max(clock_ms + STEP_MS, self._due[0][0])
            yield self._step(clock_ms)
        yield self._step(end_ms)

    def _step(self, clock_ms: int) -> Step:
        deliveries = []
        while self._due and self._due[0][0] <= clock_ms:
            deliveries.append(heapq.heappop(self._due)[2])
        return Step(clock_ms=clock_ms, deliveries=deliveries)

    def _collect(self, events: Sequence[Event]) -> None:
        for event in events:
            self._oracle.add(event)
            rhythm = RHYTHMS[event.viewer.cdn]
            since_ms = event.end_ms - self._day_ms - rhythm.offset_ms
            start_ms = since_ms - since_ms % rhythm.every_ms + rhythm.offset_ms
            self._open[event.viewer.cdn, start_ms].append(event)

    def _close_until(self, at_ms: int) -> None:
        """Send off what can get no more events: no later hour has one that ends before its start."""
        for cdn, start_ms in sorted(self._open):
            end_ms = self._day_ms + start_ms + RHYTHMS[cdn].every_ms
            if end_ms <= at_ms:
                events = sorted(self._open.pop((cdn, start_ms)), key=attrgetter("end_ms"))
                for delivery in self._deliveries(cdn, start_ms, events, end_ms + RHYTHMS[cdn].delay_ms):
                    heapq.heappush(self._due, (delivery.due_ms, next(self._order), delivery))

    def _deliveries(self, cdn: Cdn, start_ms: int, events: list[Event], due_ms: int) -> Iterator[Delivery]:
        if cdn is Cdn.FASTLY:
            yield from self._syslog(events, due_ms)
            return
        late_ms = due_ms + BEYOND_HORIZON_MS
        if self._happens_now(BEYOND_HORIZON, cdn, start_ms):
            due_ms = late_ms
        delivery = Delivery(
            cdn=cdn,
            due_ms=due_ms,
            collector=self._draw.randrange(COLLECTORS),
            lines=len(events),
            wire=self._post(cdn, events),
        )
        yield delivery
        if self._happens_now(COPIED_LATE, cdn, start_ms):
            yield replace(delivery, due_ms=late_ms, is_copy=True)
        yield from self._retries(delivery)

    def _happens_now(self, mishap: tuple[Cdn, int], cdn: Cdn, start_ms: int) -> bool:
        """Whether this delivery is the one that something happens to, once a day."""
        if mishap not in self._mishaps or cdn is not mishap[0] or start_ms < mishap[1]:
            return False
        self._mishaps.remove(mishap)
        return True

    def _syslog(self, events: list[Event], due_ms: int) -> Iterator[Delivery]:
        """Every cache node has a connection to one collector; the two halves use either message type."""
        for collector, ship in enumerate((wire.classic_syslog, wire.counted_syslog)):
            mine = [event for event in events if event.request_id % COLLECTORS == collector]
            if mine:
                yield Delivery(cdn=Cdn.FASTLY, due_ms=due_ms, collector=collector, lines=len(mine), wire=ship(mine))

    def _post(self, cdn: Cdn, events: list[Event]) -> Wire:
        lines, secret = wire.text(events), self._secrets[cdn]
        if cdn is Cdn.CLOUDFLARE:
            return wire.cloudflare_post(lines, secret)
        if cdn is Cdn.AKAMAI:
            return wire.akamai_post(lines, secret)
        request_id = uuid.UUID(int=self._draw.getrandbits(128))
        return wire.cloudfront_post(lines, secret, request_id, sent_ms=events[-1].end_ms)

    def _retries(self, delivery: Delivery) -> Iterator[Delivery]:
        """Post again to the other collector, at once (the answers cross) or a little later."""
        roll = self._draw.random()
        times = 2 if roll < _THREE_TIMES else int(roll < _THREE_TIMES + _TWICE)
        for attempt in range(1, times + 1):
            yield replace(
                delivery,
                due_ms=delivery.due_ms + self._draw.choice((0, STEP_MS)),
                collector=(delivery.collector + attempt) % COLLECTORS,
                is_copy=True,
            )
