"""What has arrived, by source and minute, and which source has gone silent.

In memory and bounded: configured sources only, two hours of minutes, about 1 KB a source and minute in which something
came. It is lost with the process; what must survive (records, rejects, batches) travels with the data and in
heartbeats.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collectors.batches.event_times import EventTimes
from collectors.clock import Clock

MINUTE_MS: Final = 60_000
#: Minutes that are remembered, the running one included.
KEPT_MINUTES: Final = 120


@dataclass(slots=True, kw_only=True)
class Minute:
    """What a source sent in one minute of the collector's clock, by the time at which Kafka had all of a delivery.

    `bytes` are those of the stored lines, without line ends. `refused` counts deliveries by reason; nothing of
    them is in the other numbers. `rejected` counts lines that became dead letters, by reason.
    """

    minute_ms: int
    deliveries: int = 0
    lines: int = 0
    bytes: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    events: EventTimes = field(default_factory=EventTimes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source. `quiet_s`: seconds since its last delivery that was promised, or since the start while there is none.

    `silent_after_s` is None for a source that may be quiet as long as it likes; `silent` compares both.
    """

    id: str
    last_delivery_ms: int | None
    quiet_s: float
    silent_after_s: int | None
    silent: bool
    minutes: list[Minute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one collector knows at `now_ms`, since `started_ms`."""

    started_ms: int
    now_ms: int
    sources: list[SourceStatus]


@dataclass(slots=True)
class _Seen:
    last_delivery_ms: int | None = None
    minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=KEPT_MINUTES))


class Completeness:
    """Counts by source and minute. `silent_after_s` holds every source, with None for those never called silent."""

    def __init__(self, clock: Clock, silent_after_s: Mapping[str, int | None]) -> None:
        self._clock = clock
        self._silent_after_s = silent_after_s
        self._started_ms = clock.now_ms()
        self._seen = {source_id: _Seen() for source_id in silent_after_s}

    def promised(self, source_id: str, received_at_ms: int) -> None:
        """End a silence: a delivery that arrived then will be billed or accounted for, if from the spool."""
        seen = self._seen[source_id]
        seen.last_delivery_ms = max(received_at_ms, seen.last_delivery_ms or 0)

    def stored(
        self, source_id: str, *, lines: int, line_bytes: int, rejected: Counter[str], events: EventTimes
    ) -> None:
        """Count a delivery that Kafka has."""
        minute = self._minute(source_id)
        minute.deliveries += 1
        minute.lines += lines
        minute.bytes += line_bytes
        for reason, count in rejected.items():
            minute.rejected[reason] = minute.rejected.get(reason, 0) + count
        minute.events.merge(events)

    def refused(self, source_id: str, reason: str) -> None:
        """Count a delivery that was answered with an error; a source that is only refused goes silent."""
        minute = self._minute(source_id)
        minute.refused[reason] = minute.refused.get(reason, 0) + 1

    def report(self, minutes: int = KEPT_MINUTES) -> Report:
        """Every source by id, with those of the last `minutes` minutes, oldest first, in which something came.

        The running minute comes on top of them.
        """
        now_ms = self._clock.now_ms()
        first_ms = now_ms - now_ms % MINUTE_MS - minutes * MINUTE_MS
        sources = [self._status(source_id, now_ms, first_ms) for source_id in sorted(self._seen)]
        return Report(started_ms=self._started_ms, now_ms=now_ms, sources=sources)

    def _status(self, source_id: str, now_ms: int, first_ms: int) -> SourceStatus:
        seen, silent_after_s = self._seen[source_id], self._silent_after_s[source_id]
        quiet_s = (now_ms - (seen.last_delivery_ms or self._started_ms)) / 1_000
        return SourceStatus(
            id=source_id,
            last_delivery_ms=seen.last_delivery_ms,
            quiet_s=quiet_s,
            silent_after_s=silent_after_s,
            silent=silent_after_s is not None and quiet_s > silent_after_s,
            minutes=[minute for minute in seen.minutes if minute.minute_ms >= first_ms],
        )

    def _minute(self, source_id: str) -> Minute:
        now_ms = self._clock.now_ms()
        minute_ms = now_ms - now_ms % MINUTE_MS
        minutes = self._seen[source_id].minutes
        if not minutes or minutes[-1].minute_ms != minute_ms:
            minutes.append(Minute(minute_ms=minute_ms))
        return minutes[-1]
