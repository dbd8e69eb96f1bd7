"""What all collectors together have received, a line a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from collectors.batches.event_times import EventTimes
from collectors.completeness.minutes import MINUTE_MS, Minute, Report, SourceStatus

#: Minutes of the columns of lines; the running minute comes on top of each.
SPANS: Final = (1, 5, 60)
_HEAD: Final = (
    *("source", "last delivery", *(f"{span} min" for span in SPANS)),
    *("delay p50", "p99", "oldest event", "newest event"),
)
_NUMBERS: Final = range(2, 7)
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One source over all collectors that know it. Everything but `lines` is of the last of `SPANS`.

    `quiet_s`: the shortest quiet of any collector. A source is `silent` where all say so: behind a load balancer one
    collector may well get nothing. `lines` are those of each of `SPANS`.
    """

    source_id: str
    delivered: bool
    quiet_s: float
    silent: bool
    lines: tuple[int, ...]
    refused: Counter[str]
    rejected: Counter[str]
    events: EventTimes


def merge(reports: Sequence[Report]) -> list[Arrival]:
    """Every source that any collector knows, by id."""
    known: dict[str, list[tuple[Report, SourceStatus]]] = {}
    for report in reports:
        for source in report.sources:
            known.setdefault(source.id, []).append((report, source))
    return [_arrival(source_id, known[source_id]) for source_id in sorted(known)]


def table(arrivals: Sequence[Arrival]) -> list[str]:
    """Lines for people: one a source, and one below it for what was refused and one for what was rejected."""
    rows = [_HEAD, *(_row(arrival) for arrival in arrivals)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    notes = [[], *(list(_notes(arrival)) for arrival in arrivals)]
    return [line for row, below in zip(rows, notes, strict=True) for line in (_aligned(row, widths), *below)]


def _arrival(source_id: str, answers: list[tuple[Report, SourceStatus]]) -> Arrival:
    events, refused, rejected = EventTimes(), Counter[str](), Counter[str]()
    for report, source in answers:
        for minute in _within(report, source, SPANS[-1]):
            events.merge(minute.events)
            refused.update(minute.refused)
            rejected.update(minute.rejected)
    return Arrival(
        source_id=source_id,
        delivered=any(source.last_delivery_ms is not None for _, source in answers),
        quiet_s=min(source.quiet_s for _, source in answers),
        silent=all(source.silent for _, source in answers),
        lines=tuple(_lines(answers, span) for span in SPANS),
        refused=refused,
        rejected=rejected,
        events=events,
    )


def _lines(answers: list[tuple[Report, SourceStatus]], span: int) -> int:
    return sum(minute.lines for report, source in answers for minute in _within(report, source, span))


def _within(report: Report, source: SourceStatus, span: int) -> Iterator[Minute]:
    first_ms = report.now_ms - report.now_ms % MINUTE_MS - span * MINUTE_MS
    return (minute for minute in source.minutes if minute.minute_ms >= first_ms)


def _row(arrival: Arrival) -> tuple[str, ...]:
    events = arrival.events
    quiet = _duration(arrival.quiet_s)
    return (
        arrival.source_id,
        ("SILENT, " if arrival.silent else "") + (f"{quiet} ago" if arrival.delivered else f"none in {quiet}"),
        *(f"{lines:,}" for lines in arrival.lines),
        *(_delay(events.delay_quantile_s(share)) for share in (0.5, 0.99)),
        *(_moment(time_ms) for time_ms in (events.oldest_ms, events.newest_ms)),
    )


def _notes(arrival: Arrival) -> Iterator[str]:
    for what, counts in (("refused deliveries", arrival.refused), ("rejected lines", arrival.rejected)):
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
            yield f"    {what} in {SPANS[-1]} min: {reasons}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _delay(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return "> 2 d" if seconds == float("inf") else f"<= {_duration(seconds)}"


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _moment(time_ms: int | None) -> str:
    return "-" if time_ms is None else f"{datetime.fromtimestamp(time_ms // 1_000, UTC):%m-%d %H:%M:%S}"
