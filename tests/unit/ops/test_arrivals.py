"""The answers of several collectors, added up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from collectors.batches.event_times import EventTimes
from collectors.completeness.minutes import Minute, Report, SourceStatus
from ops.arrivals import Arrival, merge, table

NOW = 1_795_417_290_000  # half a minute into a minute
MINUTE = 60_000
RUNNING = NOW - 30_000
TABLE = """\
source  last delivery               1 min      5 min     60 min  delay p50     p99  oldest event    newest event
akamai  SILENT, none in 31 min          0          0          0          -       -  -               -
edge    2 h ago                         1          1          1     <= 1 s  <= 1 s  11-23 07:01:30  11-23 07:01:30
fastly  5 s ago                 1,234,567  1,234,567  1,234,567   <= 2 min   > 2 d  11-20 06:48:10  11-23 07:01:29
    refused deliveries in 60 min: kafka-unavailable 1,000, too-large 2
    rejected lines in 60 min: bad-json 12
"""


def times(*delays_ms: int) -> EventTimes:
    events = EventTimes()
    events.add(NOW, [NOW - delay_ms for delay_ms in delays_ms])
    return events


def minute(ago: int, lines: int, **different: Any) -> Minute:
    return Minute(minute_ms=RUNNING - ago * MINUTE, deliveries=1, lines=lines, bytes=lines, **different)


def source(source_id: str, *minutes: Minute, quiet_s: float = 5, silent: bool = False) -> SourceStatus:
    return SourceStatus(
        id=source_id,
        last_delivery_ms=NOW - round(quiet_s * 1_000) if minutes else None,
        quiet_s=quiet_s,
        silent_after_s=900,
        silent=silent,
        minutes=list(minutes),
    )


def report(*sources: SourceStatus) -> Report:
    return Report(started_ms=NOW - 3_600_000, now_ms=NOW, sources=list(sources))


def test_collectors_add_up_by_source() -> None:
    one = report(
        source(
            "acme",
            minute(61, 1_000, rejected={"old": 1}),
            minute(60, 100, events=times(50_000), refused={"too-large": 1}, rejected={"future": 2}),
            minute(1, 10),
            minute(0, 1, events=times(900, 200)),
        )
    )
    other = report(source("acme", minute(5, 7, events=times(4_000), rejected={"future": 1}), quiet_s=300))
    assert merge([one, other]) == [
        Arrival(
            source_id="acme",
            delivered=True,
            quiet_s=5,
            silent=False,
            lines=(11, 18, 118),
            refused=Counter({"too-large": 1}),
            rejected=Counter({"future": 3}),
            events=times(50_000, 900, 200, 4_000),
        )
    ]


@pytest.mark.parametrize(
    ("quiet", "silent"),
    [([901, 901], True), ([901, 5], False), ([5, 901], False), ([901], True)],
    ids=["on all collectors", "not on the second", "not on the first", "on the only one that knows it"],
)
def test_a_source_is_silent_where_all_collectors_say_so(quiet: list[int], silent: bool) -> None:
    reports = [report(source("acme", quiet_s=seconds, silent=seconds > 900)) for seconds in quiet]
    (arrival,) = merge([*reports, report()])
    assert (arrival.silent, arrival.quiet_s) == (silent, min(quiet))


def test_the_clock_of_each_collector_dates_its_own_minutes() -> None:
    behind = Report(started_ms=0, now_ms=NOW - 10 * MINUTE, sources=[source("acme", minute(11, 3))])
    assert merge([behind, report(source("acme", minute(1, 4)))])[0].lines == (7, 7, 7)


def test_the_table_shows_all_of_it() -> None:
    one = report(
        source("akamai", quiet_s=1_860, silent=True),
        source(
            "fastly",
            minute(
                0,
                1_234_567,
                events=times(500, 90_000, 260_000_000),
                refused={"too-large": 2, "kafka-unavailable": 1_000},
                rejected={"bad-json": 12},
            ),
        ),
        source("edge", minute(0, 1, events=times(0)), quiet_s=7_300),
    )
    assert table(merge([one])) == TABLE.splitlines()


def test_without_sources_there_is_a_head() -> None:
    assert len(table(merge([]))) == 1
