"""Contract: late, early, twice: however wrong a line's time is and however often it comes, it is billed once, or named.

Each source is one case, and bills a film of its own name.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import yaml

from local.clock import ClockFile
from local.stack import Stack
from ops.audit import audit, report
from tests.e2e import commands
from tests.e2e.bill import Bill, Row, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.waiting import until
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

ENVIRONMENT: Final = "odd-times-env"
A_MONTH: Final = 30 * 24
#: Between the clock and the last hour that its heartbeats can end: 3 h out of order, and the hour itself.
BEHIND: Final = 4


class Post(NamedTuple):
    """A delivery of one source to one of two collectors, or as a file. The same events again are the same bytes again.

    Events are hours after the test's first one, or moments of their own.
    """

    source: str
    events: tuple[float | datetime, ...]
    collector: int | None = 0


#: Hour of the collectors' clocks, and what is posted then. The second collector's stands still where it is not told.
FEED: Final[tuple[tuple[tuple[float, float | None], list[Post]], ...]] = (
    (
        (0.95, 0.95),
        [
            Post("on-time", (0.1, 0.5, 0.9)),
            Post("retried", (0.2, 0.3)),
            Post("retried", (0.2, 0.3)),
            Post("silent", (0.4,)),
            Post("hour-ahead", (1.9,)),
            Post("year-2099", (datetime(2099, 1, 1, tzinfo=UTC),)),
            Post("year-1970", (datetime(1970, 1, 1, tzinfo=UTC),)),
            *[Post("misread", (0.6,))] * 3,
        ],
    ),
    # The sender of `hour-ahead` tries again when its line's time has come.
    ((6.9, None), [Post("six-hours-late", (0.1, 0.7)), Post("hour-ahead", (1.9,))]),
    ((10.5, None), [Post("silent", (1.2, 9.8, 10.4))]),
    ((24.9, None), [Post("day-late", (0.8,))]),
    # The file of a delivery, posted by hand.
    ((47.9, 47.9), [Post("retried", (0.2, 0.3), collector=1)]),
    # Beyond the billing horizon; the second collector's copies were published before it.
    (
        (52.0, 48.5),
        [
            Post("month-late", (-A_MONTH + 0.5,)),
            Post("late-copy-first", (0.4,)),
            Post("late-copy-first", (0.4,), collector=1),
            Post("late-copy-last", (0.4,), collector=1),
            Post("late-copy-last", (0.4,)),
            Post("retried", (0.2, 0.3)),
            Post("from-file", (0.4,), collector=None),
        ],
    ),
    # Deduplication has forgotten what was published in the first hours.
    (
        (80.0, None),
        [
            Post("retried", (0.2, 0.3)),
            Post("retried", (0.2, 0.3)),
            Post("late-copy-last", (0.4,)),
            Post("month-late", (-A_MONTH + 0.5,)),
            Post("from-file", (0.4,)),
        ],
    ),
)
SOURCES: Final = sorted({post.source for _, posts in FEED for post in posts})

#: (hour, source, ms, deliveries, bytes)
BILL: Final = [
    (-A_MONTH, "month-late", 4_004, 1, 1_000),
    (0, "day-late", 4_004, 1, 1_000),
    (0, "from-file", 4_004, 1, 1_000),
    (0, "late-copy-first", 4_004, 1, 1_000),
    (0, "late-copy-last", 4_004, 1, 1_000),
    (0, "misread", 4_004, 1, 1_000),
    (0, "on-time", 12_012, 3, 3_000),
    (0, "retried", 8_008, 2, 2_000),
    (0, "silent", 4_004, 1, 1_000),
    (0, "six-hours-late", 8_008, 2, 2_000),
    (1, "hour-ahead", 4_004, 1, 1_000),
    (1, "silent", 4_004, 1, 1_000),
    (9, "silent", 4_004, 1, 1_000),
    (10, "silent", 4_004, 1, 1_000),
]
#: (source, ms); the second copy of a batch that its hour has billed stands aside.
CORRECTIONS: Final = [("from-file", 4_004), ("late-copy-first", 4_004), ("month-late", 4_004), ("retried", 8_008)]
#: (source, path, batches, further copies, rejected lines); a batch of nothing but rejected lines is always late.
LEDGER: Final = [
    ("day-late", "window", 1, 0, 0),
    ("from-file", "late", 1, 1, 0),
    ("hour-ahead", "late", 1, 0, 1),
    ("hour-ahead", "window", 1, 0, 0),
    ("late-copy-first", "late", 1, 1, 0),
    ("late-copy-last", "window", 1, 2, 0),
    ("misread", "late", 1, 2, 1),
    ("misread", "window", 1, 0, 0),
    ("month-late", "late", 1, 1, 0),
    ("on-time", "window", 1, 0, 0),
    ("retried", "late", 1, 1, 0),
    ("retried", "window", 1, 3, 0),
    ("silent", "window", 4, 0, 0),
    ("six-hours-late", "window", 1, 0, 0),
    ("year-1970", "late", 1, 0, 1),
    ("year-2099", "late", 1, 0, 1),
]
REPLAY: Final = ("ops.dead_letters", "replay", "--source", "misread", "--yes")
DEAD_LETTERS: Final = [
    "hour-ahead future: 1 letters, 1 different",
    "misread bad-field: 3 letters, 1 different",
    "year-1970 too-old: 1 letters, 1 different",
    "year-2099 future: 1 letters, 1 different",
]


def film(source: str) -> Film:
    return Film(asset_id=source, environment_id=ENVIRONMENT)


def sources(folder: Path, status_field: str) -> str:
    """A file of all sources; `misread` looks for its status in that field."""
    file = folder / f"{status_field}.yaml"
    entries = [entry(source, status_field if source == "misread" else "status") for source in SOURCES]
    file.write_text(yaml.safe_dump({"sources": entries}))
    return str(file)


def entry(source: str, status_field: str) -> dict[str, object]:
    fields = {"end_time": "time", "method": "method", "path": "path", "status": status_field, "body_bytes": "bytes"}
    options = {"time_unit": "ms", "fields": fields}
    return {"id": source, "cdn": "generic", "listener": {"type": "http"}, "options": options}


@dataclass(frozen=True, kw_only=True)
class Site:
    """Two collectors that misread one source, and the environment of an operator who has the right file."""

    stack: Stack
    first_hour: int
    clocks: tuple[ClockFile, ClockFile]
    operator: Mapping[str, str]
    file: Path

    def set_clocks(self, hours: tuple[float, float | None]) -> None:
        for clock, hour in zip(self.clocks, hours, strict=True):
            if hour is not None:
                clock.advance(self.moment_ms(hour))

    def moment_ms(self, event: float | datetime) -> int:
        if isinstance(event, datetime):
            return round(event.timestamp() * 1_000)
        return self.first_hour + round(event * HOUR_MS)

    def send(self, post: Post) -> None:
        body = "\n".join(self._line(post.source, event) for event in post.events)
        if post.collector is not None:
            assert self._post(post.source, post.collector, body) == 200
        else:
            self.file.write_text(body)
            done = self.run("ops.backfill", post.source, str(self.file), "--yes")
            assert (done.status, done.errors) == (0, ""), done

    def run(self, module: str, *arguments: str) -> commands.Done:
        return commands.run(self.stack, module, *arguments, environ=self.operator)

    def _post(self, source: str, collector: int, body: str) -> int:
        address = self.stack.collector_urls[collector].removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request("POST", f"/v1/logs/{source}", body.encode())
            return connection.getresponse().status
        finally:
            connection.close()

    def _line(self, source: str, event: float | datetime) -> str:
        path = film(source).path("720p", 0)
        fields = {"time": self.moment_ms(event), "method": "GET", "path": path, "status": 200, "bytes": 1_000}
        return json.dumps(fields)


@pytest.fixture
def site(stack: Stack, first_hour: int, tmp_path: Path) -> Iterator[Site]:
    clocks = ClockFile(tmp_path / "clock-0", first_hour), ClockFile(tmp_path / "clock-1", first_hour)
    for index, clock in enumerate(clocks):
        variables = {"COLLECTOR_CLOCK": f"file:{clock.path}", "COLLECTOR_SOURCES_FILE": sources(tmp_path, "code")}
        stack.start_collector(index, variables)
    operator = {"COLLECTOR_CLOCK": f"file:{clocks[0].path}", "COLLECTOR_SOURCES_FILE": sources(tmp_path, "status")}
    yield Site(stack=stack, first_hour=first_hour, clocks=clocks, operator=operator, file=tmp_path / "file.log")
    for index in range(len(clocks)):
        stack.stop_collector(index)


def billed(bill: Bill, first_hour: int) -> list[Row]:
    """Whatever the hour: the environment is this test's alone."""
    return bill.query(
        "SELECT (extract(epoch FROM hour) * 1000 - %s)::bigint / %s, asset_id, delivered_ms, deliveries, bytes"
        " FROM billable_usage WHERE environment_id = %s ORDER BY 1, 2",
        *(first_hour, HOUR_MS, ENVIRONMENT),
    )


def states(bill: Bill, asset: str) -> set[str]:
    found = bill.query(
        "SELECT state FROM billable_usage WHERE environment_id = %s AND asset_id = %s", ENVIRONMENT, asset
    )
    return {state for (state,) in found}


def corrections(bill: Bill) -> list[Row]:
    select = "SELECT asset_id, delivered_ms FROM media_usage_corrections WHERE environment_id = %s ORDER BY 1"
    return bill.query(select, ENVIRONMENT)


def ledger(bill: Bill) -> list[Row]:
    return bill.query(
        "SELECT source_id, path, count(*), sum(copies)::bigint,"
        " sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(rejected)))::bigint"
        " FROM batch_ledger WHERE source_id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2",
        SOURCES,
    )


def test_every_line_is_billed_once_in_its_hour_or_named(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int, site: Site
) -> None:
    """Contract: CDNs that are 6 hours, 24 hours and a month late, one that was silent for hours, one an hour ahead,
    lines of 2099 and 1970; deliveries that come again as retries, as files and as replayed dead letters, within the
    billing horizon and beyond it, the late copy first or last. A row is provisional, then on-time, then settled."""
    register(stack.assets_dsn, *map(film, SOURCES))
    for clocks, posts in FEED:
        site.set_clocks(clocks)
        if clocks[0] > BEHIND:
            pipeline.drain(feed, bill, first_hour + (int(clocks[0]) - BEHIND) * HOUR_MS)
            assert "provisional" not in states(bill, "on-time")
        for post in posts:
            site.send(post)
        if clocks[0] == 0.95:
            until(lambda: states(bill, "on-time") == {"provisional"}, "a row before its hour has ended")
        if clocks[0] == 10.5:
            assert site.run(*REPLAY).status == 0
    pipeline.drain(feed, bill, first_hour + 84 * HOUR_MS)

    assert billed(bill, first_hour) == BILL
    assert {state for source in SOURCES for state in states(bill, source)} == {"settled"}
    assert corrections(bill) == CORRECTIONS
    assert ledger(bill) == LEDGER
    listed = site.run("ops.dead_letters", "list").of(*SOURCES)
    assert [text.partition(" different")[0] + " different" for text in listed] == DEAD_LETTERS
    assert site.run(*REPLAY).lines[0].startswith("in the ledger already: 1 of misread bad-field (3 letters)")
    found = audit(bill.dsn, moment(first_hour), moment(first_hour + 10 * HOUR_MS))
    assert found.clean, report(found)
